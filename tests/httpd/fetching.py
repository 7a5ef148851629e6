"""What tests of fetched keys share: an issuer's keys, sections that trust it, and its tokens."""

import tokens
from expect import BARE, location
from tokens import key, mint

ONE, TWO = key("p256"), key("p256", 2)      # issuers have the first unless a test says else


def section(path, issuer, options=""):
    """A Location for the tokens of this issuer, by its name."""
    return location(path, f"AuthBearerIssuer {issuer} {options}", "Require valid-user", trust=BARE)


def token(issuer, signer=ONE, alg="ES256", header=None, **changes):
    """A token of this issuer, by its name; changes: of the claims."""
    return mint(signer, alg, tokens.claims(iss=issuer, **changes), header)

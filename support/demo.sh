#!/bin/sh
# A protected server on this machine, with tokens to try: demo.sh start|stop
# BEARER_BUILD names the folder of the module and htbearer (build).
set -eu
umask 022
cd "$(dirname "$0")/.."

BUILD=${BEARER_BUILD:-build}
ISSUER=https://login.example.com
AUDIENCE=https://api.example.com
FIRST_PORT=8480
LAST_PORT=8519
PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin
NO_PROXY=127.0.0.1
no_proxy=127.0.0.1
export PATH NO_PROXY no_proxy

fail()
{
    echo "demo.sh: $*" >&2
    exit 1
}

# The server's user must be able to walk down to the folder.
is_open_to_all()
{
    folder=$1
    while [ "$folder" != / ]; do
        case $(ls -ld "$folder" 2> /dev/null) in
            d????????[xt]*) ;;
            *) return 1 ;;
        esac
        folder=$(dirname "$folder")
    done
}

place=$(cd "${TMPDIR:-/tmp}" 2> /dev/null && pwd -P) || place=/tmp
[ "$(id -u)" != 0 ] || is_open_to_all "$place" || place=/tmp
ROOT=$place/mod_auth_bearer-demo

# Stopping

# The number of the demo's own server, if it runs: numbers are used again by other programs.
server_pid()
{
    pid=$(cat "$ROOT/run/httpd.pid" 2> /dev/null) || return 1
    { tr '\0' ' ' < "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2> /dev/null \
        | grep -qF "$ROOT/httpd.conf" && echo "$pid"
}

end_server()
{
    pid=$(server_pid) || return 0
    kill "$pid" || fail "process $pid is the demo's server and cannot be stopped"
    for _ in $(seq 100); do
        kill -0 "$pid" 2> /dev/null || return 0
        sleep 0.1
    done
    fail "process $pid does not end"
}

stop()
{
    if [ -e "$ROOT" ] || [ -L "$ROOT" ]; then
        [ -d "$ROOT" ] && [ ! -L "$ROOT" ] && [ -O "$ROOT" ] \
            || fail "$ROOT belongs to somebody else"
        end_server
        rm -rf "$ROOT"
    fi
}

# Starting

# The first program of these that is there.
program()
{
    for one in "$@"; do
        command -v "$one" && return
    done
    fail "none of these programs is here: $*"
}

load()
{
    for name in "$@"; do
        [ ! -e "$MODULES/mod_$name.so" ] || printf '%s\n' "<IfModule !${name}_module>" \
            "    LoadModule ${name}_module $MODULES/mod_$name.so" '</IfModule>'
    done
}

load_mpm()
{
    "$HTTPD" -l | grep -qE '(event|worker|prefork)\.c' && return
    for name in event worker prefork; do
        [ ! -e "$MODULES/mod_mpm_$name.so" ] || { load "mpm_$name"; return; }
    done
}

# Only root can give the server another user; everybody else runs it as themselves.
run_user()
{
    [ "$(id -u)" = 0 ] || return 0
    for name in www-data apache http nobody; do
        if id "$name" > /dev/null 2>&1; then
            printf '%s\n' "User $name" "Group $(id -gn "$name")"
            return
        fi
    done
    fail "no unprivileged user to run the server as"
}

configuration()
{
    load_mpm
    load unixd log_config authn_core authz_core authz_user auth_basic authn_file headers
    cat << END
LoadModule auth_bearer_module "$ROOT/mod_auth_bearer.so"
$(run_user)

ServerRoot      "$ROOT"
DefaultRuntimeDir "$ROOT/run"
PidFile         "$ROOT/run/httpd.pid"
ErrorLog        "$ROOT/logs/error_log"
LogLevel        info
Listen          127.0.0.1:$1
ServerName      localhost
TraceEnable     off
DocumentRoot    "$ROOT/docs"

<Directory "/">
    Require all denied
</Directory>

# The issuer, its keys, and what its tokens must be for: for every section below.
AuthBearerIssuer    $ISSUER keys=jwks:$ROOT/keys/issuer.jwks
AuthBearerAudience  $AUDIENCE

<Location "/api">
    AuthType    Bearer
    AuthName    "demo"
    Require     scope read
</Location>

<Location "/api/admin">
    Require     scope admin
</Location>

# Passwords and tokens side by side.
<Location "/both">
    AuthType            Basic
    AuthName            "demo"
    AuthBasicProvider   file
    AuthUserFile        "$ROOT/users"
    AuthBearer          On
    Require             valid-user
</Location>

<Directory "$ROOT/docs">
    ForceType   text/plain
    Header      set X-User "expr=%{REMOTE_USER}"
</Directory>
END
}

# Also what "More to try" calls.
token_program()
{
    cat << END
#!/bin/sh
# Prints a token of the demo's issuer. Words are those of htbearer mint.
exec "$TOOL" mint key=pem:$ROOT/keys/issuer.pem algorithm=ES256 \\
    issuer=$ISSUER audience=$AUDIENCE "\$@"
END
}

furnish()
{
    mkdir "$ROOT" "$ROOT/docs" "$ROOT/docs/api" "$ROOT/docs/both" "$ROOT/keys" "$ROOT/logs" \
        "$ROOT/run"
    cp "$BUILD/mod_auth_bearer.so" "$ROOT/"
    echo 'Hello from the API.' > "$ROOT/docs/api/hello"
    echo 'Hello from the administration.' > "$ROOT/docs/api/admin"
    echo 'Hello, however you came in.' > "$ROOT/docs/both/hello"
    "$TOOL" key algorithm=ES256 "private=$ROOT/keys/issuer.pem" "public=$ROOT/keys/issuer.jwks" \
        > /dev/null
    chmod 644 "$ROOT/keys/issuer.jwks"
    echo wonderland | htpasswd -icB "$ROOT/users" alice 2> /dev/null
    token_program > "$ROOT/token"
    chmod 755 "$ROOT/token"
}

# Sets PORT to the first free one that the server takes.
launch()
{
    PORT=$FIRST_PORT
    while [ "$PORT" -le "$LAST_PORT" ]; do
        configuration "$PORT" > "$ROOT/httpd.conf"
        if "$HTTPD" -d "$ROOT" -f "$ROOT/httpd.conf" -k start > "$ROOT/logs/console" 2>&1; then
            return
        fi
        grep -q 'could not bind' "$ROOT/logs/console" || break
        PORT=$((PORT + 1))
    done
    cat "$ROOT/logs/console" "$ROOT/logs/error_log" >&2 2> /dev/null || true
    fail "the server does not start"
}

await()
{
    for _ in $(seq 100); do
        ! server_pid > /dev/null || ! curl -s -o /dev/null "http://127.0.0.1:$PORT/" || return 0
        sleep 0.1
    done
    cat "$ROOT/logs/error_log" >&2
    fail "the server does not answer"
}

# One command as it can be typed, and what came of it.
show()
{
    printf '\n%s\n$ %s\n' "$1" "$2"
    eval "$2" | tr -d '\r'
}

bearer()
{
    printf 'curl -si -H "Authorization: Bearer $(%s %s)" %s' "$ROOT/token" "$1" "$2"
}

present()
{
    api=http://127.0.0.1:$PORT/api/hello
    both=http://127.0.0.1:$PORT/both/hello
    cat << END
An httpd of this machine protects http://127.0.0.1:$PORT/ with these lines:

$(sed -n '/^AuthBearerIssuer/,/^<Directory/p' "$ROOT/httpd.conf" | sed '$d; s/^/    /')
END
    show '# No token: 401, and the scope that one should have.' "curl -si $api"
    show '# A token that expired an hour ago: 401.' \
        "$(bearer 'subject=alice scope=read ttl=-3600' "$api")"
    show '# A good token without the scope of this place: 403, and the scope it lacks.' \
        "$(bearer 'subject=alice scope=read' "http://127.0.0.1:$PORT/api/admin")"
    show '# The same token where its scope is enough: 200.' \
        "$(bearer 'subject=alice scope=read' "$api")"
    show '# Basic beside Bearer: both are offered.' "curl -si $both"
    show '# A password is taken ...' "curl -si -u alice:wonderland $both"
    show '# ... and so is a token.' "$(bearer subject=bob "$both")"
}

farewell()
{
    cat << END

The server goes on. More to try:
  why a token was refused         tail $ROOT/logs/error_log (LogLevel info here: it has them all)
  other tokens                    $ROOT/token subject=carol scope="read admin" ttl=60
  what the module says of one     $ROOT/token subject=carol scope=read |
                                      $TOOL check issuer=$ISSUER \\
                                      keys=jwks:$ROOT/keys/issuer.jwks audience=$AUDIENCE
  the configuration               $ROOT/httpd.conf
To end it:
  make -f apxs.mk demo-stop
END
}

start()
{
    [ -e "$BUILD/mod_auth_bearer.so" ] && [ -x "$BUILD/htbearer" ] \
        || fail "nothing is built yet: make -f apxs.mk"
    TOOL=$(cd "$BUILD" && pwd)/htbearer
    APXS=$(program apxs apxs2)
    HTTPD=$(program "$("$APXS" -q SBINDIR)/$("$APXS" -q progname)" apache2 httpd)
    MODULES=$("$APXS" -q LIBEXECDIR)
    program curl > /dev/null
    program htpasswd > /dev/null
    stop
    trap 'stop' EXIT
    furnish
    launch
    await
    trap - EXIT
    present
    farewell
}

case ${1:-} in
    start) start ;;
    stop) stop ;;
    *) echo "usage: demo.sh start|stop" >&2; exit 2 ;;
esac

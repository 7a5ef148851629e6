-- For wrk: goes round the lines of the file BENCH_TOKENS. A line is what Authorization holds; an
-- empty one stands for a request without that field. Ends with one line of figures in JSON.
local requests, last = {}, 0

function init()
    for line in io.lines(os.getenv("BENCH_TOKENS")) do
        local fields = {}
        if line ~= "" then
            fields["Authorization"] = line
        end
        requests[#requests + 1] = wrk.format("GET", nil, fields)
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format('figures {"requests": %d, "seconds": %.6f, "not_2xx": %d, "broken": %d,'
        .. ' "p50_ms": %.3f, "p99_ms": %.3f}', summary.requests, summary.duration / 1e6,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

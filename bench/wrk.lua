-- What wrk sends and checks for bench/load.py: whole requests from a file (each after a line with its length), in turn.
-- Arguments: the file, the status wanted, then texts that every body must hold.
local requests, wanted, texts, next_one = {}, 0, {}, 0
local threads = {}
wrong, example = 0, ""

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   local file = assert(io.open(args[1], "rb"))
   for length in file:lines() do
      requests[#requests + 1] = file:read(tonumber(length))
   end
   file:close()
   wanted = tonumber(args[2])
   for i = 3, #args do
      texts[#texts + 1] = args[i]
   end
end

function request()
   next_one = next_one % #requests + 1
   return requests[next_one]
end

function response(status, headers, body)
   local right = status == wanted
   for i = 1, #texts do
      right = right and string.find(body, texts[i], 1, true) ~= nil
   end
   if not right then
      wrong = wrong + 1
      example = status .. " " .. string.sub(body, 1, 300)
   end
end

function done(summary, latency)
   local e, bad, seen = summary.errors, 0, ""
   for _, thread in ipairs(threads) do
      bad = bad + thread:get("wrong")
      seen = thread:get("example")
   end
   io.write(string.format("\nmeasured %d %d %d %d %d\n%s\n", summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(99), bad + e.connect + e.read + e.write + e.timeout, seen))
end

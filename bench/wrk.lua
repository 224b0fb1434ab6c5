-- What wrk sends and checks for bench/load.py: whole requests from a file (each after a line with its length), in turn.
-- Arguments: the file, the status wanted, the mark in whose place each request has a number of its own, the first such
-- number, then texts that every body must hold.
local heads, tails, wanted, texts, next_one, number = {}, {}, 0, {}, 0, 0
local threads = {}
wrong, example = 0, ""

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   local file = assert(io.open(args[1], "rb"))
   for length in file:lines() do
      local whole = file:read(tonumber(length))
      local from, to = string.find(whole, args[3], 1, true)
      heads[#heads + 1] = from and string.sub(whole, 1, from - 1) or whole
      tails[#heads] = from and string.sub(whole, to + 1)
   end
   file:close()
   wanted, number = tonumber(args[2]), tonumber(args[4])
   for i = 5, #args do
      texts[#texts + 1] = args[i]
   end
end

function request()
   next_one = next_one % #heads + 1
   local tail = tails[next_one]
   if not tail then
      return heads[next_one]
   end
   number = number + 1
   return heads[next_one] .. string.format("%012d", number) .. tail
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

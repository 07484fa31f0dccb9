-- The clients, run by wrk: each has a cookie jar and counts its own visits.
--
--     wrk -t16 -c16 -s clients.lua URL -- KIND FORMAT SEED FOLDER
--
-- KIND is `counter` or `nginx`. In FOLDER are `forged`, with tokens, one a line after its kind;
-- `stop`, once it is time to; and `ended`, where each thread then writes a line.
--
-- wrk does not say whose answer it hands over, so each of its threads has one connection, and with
-- it one request at a time; the clients of a thread take turns on it. A thread stops itself
-- between two requests, where wrk would cut one off: so whatever was asked and not answered is
-- known to the last request.

local CLIENTS = 8                      -- of each thread
local SHARE = 0.05                     -- of all requests are forged

-- ---- All threads --------------------------------------------------------------------------------

local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
   thread:set("number", #threads)
end

-- What each thread counts.
answered, forged, unanswered, unanswered_alone, failed, lost, wrong = 0, 0, 0, 0, 0, 0, 0
visits = {}                            -- by client
refused = {}                           -- forged tokens by kind and what was said of them
keys = {}                              -- tokens that were set, by the id of their password
faults = {}                            -- the first few, in words
ended = false

function done(summary, latency)
   local sums = {clients = 0, least = math.huge, ended = 0}
   local tables = {refused = {}, keys = {}}
   local words = {}
   for _, thread in ipairs(threads) do
      for _, name in ipairs {"answered", "forged", "unanswered", "unanswered_alone", "failed", "lost", "wrong"} do
         sums[name] = (sums[name] or 0) + thread:get(name)
      end
      for name, sum in pairs(tables) do
         for key, count in pairs(thread:get(name)) do sum[key] = (sum[key] or 0) + count end
      end
      for _, count in pairs(thread:get("visits")) do
         sums.clients = sums.clients + 1
         sums.least = math.min(sums.least, count)
      end
      for _, fault in pairs(thread:get("faults")) do words[#words + 1] = string.format("%q", fault) end
      if thread:get("ended") then sums.ended = sums.ended + 1 end
   end
   for _, name in ipairs {"connect", "read", "write", "status", "timeout"} do sums["wrk_" .. name] = summary.errors[name] end
   sums.wrk_requests = summary.requests
   sums.threads = #threads
   sums.p99_us = latency:percentile(99)

   local function object(numbers)
      local members = {}
      for name, number in pairs(numbers) do members[#members + 1] = string.format("%q:%.0f", name, number) end
      return "{" .. table.concat(members, ",") .. "}"
   end
   print(string.format('LOAD {"sums":%s,"refused":%s,"keys":%s,"faults":[%s]}', object(sums), object(tables.refused),
      object(tables.keys), table.concat(words, ",")))
end

-- ---- One thread ---------------------------------------------------------------------------------

local random = math.random
local format, host, path, folder, counts_after, alone
local second = 0
local made = {}                        -- tokens of the file, and their kinds
local clients, ids, turn = {}, {}, 0
local pending                          -- what was asked: {client =, kind =, text =}
local verified = false

function init(args)
   math.randomseed(tonumber(args[3]) * 1000 + number)
   folder = args[4]
   for line in io.lines(folder .. "/forged") do
      local kind, token = line:match("^(%S+) (%S+)$")
      made[#made + 1] = {kind = kind, token = token}
   end
   format, host = args[2], wrk.headers.Host
   counts_after = args[1] == "counter" and 1 or 0
   if args[1] == "counter" then
      path = "/"
   else
      -- nginx seals what its own configuration says, or what a service behind it answers.
      path = number % 2 == 1 and "/own?n=" or "/service?n="
   end
   -- Two threads open a connection for every request.
   alone = number <= 2
   for n = 1, CLIENTS do
      clients[n] = {count = 0, address = string.format("10.%d.%d.1", number, n)}
      visits[n] = 0
   end
end

local function fault(words)
   if #faults < 5 then faults[#faults + 1] = string.format("thread %d: %s", number, words) end
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

local function letters(length, alphabet)
   local text = {}
   for n = 1, length do
      local at = random(#alphabet)
      text[n] = alphabet:sub(at, at)
   end
   return table.concat(text)
end

-- Base64url that can be decoded: in the last letter, of which not every bit counts, no bit is set.
local function base64(length)
   return letters(length - 1, ALPHABET) .. "A"
end

local function key_of(token)
   return token:match("^h3s1%.([%w_]*)%.") or token:match("^Fe26%.2%*([%w_]*)%*")
end

-- Each makes of a valid token one that is not.
local FORGE = {
   {"flipped", function(token)
      -- Not in the last letter, of which not every bit counts, and within the last part,
      -- which is all that h3s1 has.
      local start = token:find("[^*.]*$")
      local at = random(start, #token - 1)
      local was = token:sub(at, at)
      return token:sub(1, at - 1) .. (was == "A" and "B" or "A") .. token:sub(at + 1)
   end},
   {"unknown_id", function(token)
      return (token:gsub("^(h3s1%.)[%w_]*", "%1nobody"):gsub("^(Fe26%.2%*)[%w_]*", "%1nobody"))
   end},
   {"garbage", function(token)
      -- Well-formed: only the seal can tell that it is not valid.
      if format == "h3s1" then
         local head, sealed = token:match("^(h3s1%.[%w_]*%.)(.*)$")
         return head .. base64(#sealed)
      end
      local head, salt, iv, sealed, expires, salt2, mac =
         token:match("^(Fe26%.2%*[%w_]*)%*(%x+)%*([^*]+)%*([^*]+)%*(%d*)%*(%x+)%*([^*]+)$")
      return table.concat({head, letters(#salt, "0123456789abcdef"), iv, base64(#sealed), expires,
         letters(#salt2, "0123456789abcdef"), base64(#mac)}, "*")
   end},
   {"truncated", function(token)
      return token:sub(1, #token - random(math.floor(#token / 2)))
   end},
   {"made", nil},
}

local function text_of(client_address, n, token)
   local lines = {
      "GET " .. path .. (counts_after == 1 and "" or n) .. " HTTP/1.1", "Host: " .. host, "X-Forwarded-For: " .. client_address,
   }
   if token then lines[#lines + 1] = "Cookie: theme=dark; h3=" .. token .. "; lang=en" end
   if alone then lines[#lines + 1] = "Connection: close" end
   lines[#lines + 1] = "\r\n"
   return table.concat(lines, "\r\n")
end

function request()
   if number == 1 and not verified then
      -- Before it starts, wrk asks for one to look at.
      verified = true
      return text_of("10.0.0.1", 1)
   end
   if pending then
      -- The connection broke: the request goes out again, as browsers do it.
      unanswered = unanswered + 1
      if alone then unanswered_alone = unanswered_alone + 1 end
      return pending.text
   end
   local victim = clients[random(CLIENTS)]
   if random() < SHARE and victim.token then
      local kind, forge = unpack(FORGE[random(#FORGE)])
      local token
      if forge then
         token = forge(victim.token)
      else
         local one = made[random(#made)]
         kind, token = one.kind, one.token
      end
      -- All from one address: nginx derives so many keys for forgeries, and then no more.
      pending = {kind = kind, text = text_of("10.200.0.1", 1, token)}
   else
      turn = turn % CLIENTS + 1
      local client = clients[turn]
      pending = {client = client, turn = turn, text = text_of(client.address, client.count + 1, client.token)}
   end
   return pending.text
end

-- What an answer says: how often the client has been there, which session it is, and
-- what became of the token.
local function read(headers, body)
   local count = tonumber(body:match('"count":"?(%d+)')) or 0
   local id = body:match('"id":"([^"]+)"')
   local status = headers["X-Status"]
   if counts_after == 1 then
      status = body:match('"rejection":"([^"]+)"')
      if status == "none" then status = body:find('"isNew":true', 1, true) and "new" or "valid" end
   end
   return count, id, tostring(status), (headers["Set-Cookie"] or ""):match("^h3=([^;]+)")
end

local function check_visit(code, headers, body)
   local client = pending.client
   if code ~= 200 then
      failed = failed + 1
      fault(string.format("client %d was answered %d, session %s", pending.turn, code, tostring(headers["X-Status"])))
      return
   end
   local count, id, status, token = read(headers, body)
   local due = client.count + counts_after
   local known = client.token and "valid" or "new"
   if count ~= due or status ~= known or not token or not id or id ~= (client.id or id) then
      lost = lost + 1
      fault(string.format("client %d: count %d where %d was due, session %s where %s was, %s id, %s cookie", pending.turn, count, due,
         status, known, id == client.id and "the same" or "another", token and "a" or "no"))
      -- So that one loss counts once: the client goes on from what it has now. /own was told
      -- the count, and has set it.
      if path ~= "/own?n=" then client.count = count - counts_after end
   end
   client.count, client.id, client.token = client.count + 1, id, token
   ids[tostring(id)] = true
   visits[pending.turn] = visits[pending.turn] + 1
   local key = token and key_of(token) or "none"
   keys[key] = (keys[key] or 0) + 1
end

local function check_forged(code, headers, body)
   forged = forged + 1
   local said
   if (code == 429 or code == 503) and headers["X-Status"] == "busy" then
      said = "busy"
      if headers["Set-Cookie"] or not headers["Retry-After"] then
         wrong = wrong + 1
         fault(pending.kind .. ": busy, but with a cookie, or without Retry-After")
      end
   elseif code == 200 then
      local count, id, status, token = read(headers, body)
      said = status
      -- What nginx has not written yet, and no cookie may hold, has no id.
      if count ~= counts_after or ids[id or ""] or (counts_after == 1 and not id) or not token or status == "valid" then
         wrong = wrong + 1
         fault(string.format("%s: count %d, session %s, %s id, %s cookie", pending.kind, count, status,
            ids[tostring(id)] and "a client's" or "another", token and "a" or "no"))
      end
   else
      said = tostring(code)
      failed = failed + 1
      fault(string.format("a forged token (%s) was answered %d", pending.kind, code))
   end
   local what = pending.kind .. " " .. said
   refused[what] = (refused[what] or 0) + 1
end

function response(code, headers, body)
   answered = answered + 1
   if pending.client then check_visit(code, headers, body) else check_forged(code, headers, body) end
   pending = nil
   -- To look for the file after each answer would be slow.
   if os.time() ~= second then
      second = os.time()
      if io.open(folder .. "/stop") then
         ended = true
         wrk.thread:stop()
         local file = io.open(folder .. "/ended", "a")
         file:write("ended\n")
         file:close()
      end
   end
end

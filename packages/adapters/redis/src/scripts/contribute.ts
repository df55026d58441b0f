/**
 * Adds an event to an entity's windows and answers the totals; what `contributeTo` and `prune` of @ecap/sdk/memory do, to the last bit.
 *
 * KEYS: the entity's hash and index. ARGV: now, milliseconds to live past the entity's expiry or "", at, id, signature of the windows, number of
 * windows; then for each window key, aggregate, windowMs, bucketMs, and the value after "v", or "". Answers "applied;before,…;after,…".
 *
 * The hash holds
 * - `m`: latest, horizon, when pruned, expiry, up to when ids are forgotten, number of windows ever seen
 * - `w<window key>`: how long buckets are kept, bucket size, buckets a page, newest bucket, the window's number
 * - `b<number>:<page>`: a page of numeric buckets as [offset, value, …] in order
 * - `d<number>:<value>`: the newest bucket a distinct value was seen in
 * - `i<id>`: event time, signature, totals before it
 *
 * The index is a sorted set with one score, so in the order of its bytes: W<window key>, T<event time><id>, P<number><page>, B<number><bucket><value>,
 * N<number><newest bucket><value>. Counting N answers a distinct total in logarithmic time, as long as no newer bucket than the asked one exists.
 */
export const contributeScript = `
local hash, index = KEYS[1], KEYS[2]
local now, at, id, signature, count = tonumber(ARGV[1]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local call, floor, pack, unpack_struct = redis.call, math.floor, struct.pack, struct.unpack
local idField = 'i' .. id

-- Bytes in the order of the numbers.
local function sortable(x)
  x = x + 0
  local bytes = pack('>d', x)
  if x >= 0 then return string.char(string.byte(bytes) + 128) .. string.sub(bytes, 2) end
  return (string.gsub(bytes, '.', function(c) return string.char(255 - string.byte(c)) end))
end

local function number_at(bytes, from)
  local first = string.byte(bytes, from)
  if first >= 128 then
    return (unpack_struct('>d', string.char(first - 128) .. string.sub(bytes, from + 1, from + 7)))
  end
  local flipped = string.gsub(string.sub(bytes, from, from + 7), '.', function(c) return string.char(255 - string.byte(c)) end)
  return (unpack_struct('>d', flipped))
end

local specs, wanted = {}, {'m', idField}
for i = 1, count do
  local arg = 2 + 5 * i
  local spec = { key = ARGV[arg], aggregate = ARGV[arg + 1], windowMs = tonumber(ARGV[arg + 2]), bucketMs = tonumber(ARGV[arg + 3]) }
  if ARGV[arg + 4] ~= '' then
    spec.value = string.sub(ARGV[arg + 4], 2)
    if spec.aggregate ~= 'distinct' then spec.value = tonumber(spec.value) or 0 end
  end
  spec.after, spec.last = floor((at - spec.windowMs) / spec.bucketMs), floor(at / spec.bucketMs)
  specs[i] = spec
  wanted[i + 2] = 'w' .. spec.key
end
local got = call('HMGET', hash, unpack(wanted))

local latest, horizon, pruned_at, expires, forget_until, numbers = nil, 0, nil, nil, -math.huge, 0
local found = got[1]
if found then
  latest, horizon, pruned_at, expires, forget_until, numbers = unpack_struct('<dddddd', found)
  found = expires > now
end
if not found then
  -- A write that a full server refuses comes first, for after another it refuses nothing.
  call('HSET', hash, idField, '')
  call('UNLINK', hash, index)
  latest, horizon, pruned_at, forget_until, numbers = -math.huge, 0, nil, -math.huge, 0
  got = {}
end

local windows = {}
local function window_of(i)
  local spec = specs[i]
  local window = windows[spec.key]
  if window == nil then
    local stored = got[i + 2]
    if not stored then return nil end
    window = { key = spec.key }
    window.keep, window.bucketMs, window.perPage, window.newest, window.number = unpack_struct('<ddddd', stored)
    windows[spec.key] = window
  end
  return window
end

local longest = horizon
for i = 1, count do if specs[i].windowMs > longest then longest = specs[i].windowMs end end

local function page_field(window, page) return 'b' .. window.number .. ':' .. string.format('%.0f', page) end
local function tag(kind, window) return kind .. pack('>I2', window.number) end

-- Pages by field: false where there is none.
local pages = {}
local function pages_between(window, first, last)
  local list = {}
  if last - first <= 16 then
    -- Not from first to last: one more than a very large number is the same number.
    for step = 0, last - first do list[#list + 1] = first + step end
    return list
  end
  local prefix = tag('P', window)
  for _, member in ipairs(call('ZRANGEBYLEX', index, '[' .. prefix .. sortable(first), '[' .. prefix .. sortable(last))) do
    list[#list + 1] = number_at(member, 4)
  end
  return list
end

local function load_pages()
  local missing = {}
  local function want(window, page)
    local field = page_field(window, page)
    if pages[field] ~= nil then return end
    pages[field] = false
    missing[#missing + 1] = field
  end
  for i = 1, count do
    local spec, window = specs[i], window_of(i)
    if window and spec.aggregate ~= 'distinct' then
      for _, page in ipairs(pages_between(window, floor((spec.after + 1) / window.perPage), floor(spec.last / window.perPage))) do
        want(window, page)
      end
      -- Added to even where the total, of a window shorter than its bucket, leaves it out.
      want(window, floor(spec.last / window.perPage))
    end
  end
  for first = 1, #missing, 1000 do
    local last = math.min(first + 999, #missing)
    local stored = call('HMGET', hash, unpack(missing, first, last))
    for i = 1, last - first + 1 do
      if stored[i] then pages[missing[first + i - 1]] = { list = cmsgpack.unpack(stored[i]) } end
    end
  end
end

local merge = {
  count = function(a, b) return a + b end,
  sum = function(a, b) return a + b end,
  min = function(a, b) return math.min(a, b) end,
  max = function(a, b) return math.max(a, b) end,
}

local function distinct_total(spec, window)
  if spec.last >= window.newest then
    local prefix = tag('N', window)
    return call('ZLEXCOUNT', index, '[' .. prefix .. sortable(spec.after + 1), '(' .. prefix .. sortable(spec.last + 1))
  end
  local prefix = tag('B', window)
  local seen, total = {}, 0
  for _, member in ipairs(call('ZRANGEBYLEX', index, '[' .. prefix .. sortable(spec.after + 1), '(' .. prefix .. sortable(spec.last + 1))) do
    local value = string.sub(member, 12)
    if not seen[value] then
      seen[value] = true
      total = total + 1
    end
  end
  return total
end

local function total(i)
  local spec, window = specs[i], window_of(i)
  local empty = 0
  if spec.aggregate == 'min' or spec.aggregate == 'max' then empty = nil end
  if not window then return empty end
  if spec.aggregate == 'distinct' then return distinct_total(spec, window) end
  local result, combine = nil, merge[spec.aggregate]
  for _, page in ipairs(pages_between(window, floor((spec.after + 1) / window.perPage), floor(spec.last / window.perPage))) do
    local held = pages[page_field(window, page)]
    if held then
      local list, start = held.list, page * window.perPage
      for j = 1, #list, 2 do
        local bucket = start + list[j]
        if bucket > spec.after and bucket <= spec.last then
          if result == nil then result = list[j + 1] else result = combine(result, list[j + 1]) end
        end
      end
    end
  end
  if result == nil then return empty end
  return result
end

local function totals()
  local all = {}
  for i = 1, count do all[i] = total(i) end
  return all
end

local function text(all)
  local parts = {}
  for i = 1, count do
    if all[i] == nil then parts[i] = '' else parts[i] = string.format('%.17g', all[i]) end
  end
  return table.concat(parts, ',')
end

local function forget(limit)
  local old = call('ZRANGEBYLEX', index, '[T', '(T' .. sortable(forget_until) .. '\\255', 'LIMIT', 0, limit)
  if #old == 0 then return true end
  local fields = {}
  for i, member in ipairs(old) do fields[i] = 'i' .. string.sub(member, 10) end
  local kept = call('HMGET', hash, unpack(fields))
  local gone = {}
  for i, member in ipairs(old) do
    -- Unless the id contributed again, at another time, after it was forgotten.
    if kept[i] and cmsgpack.unpack(kept[i]) == number_at(member, 2) then gone[#gone + 1] = fields[i] end
  end
  if #gone > 0 then call('HDEL', hash, unpack(gone)) end
  call('ZREM', index, unpack(old))
  return #old < limit
end

load_pages()
local before = totals()
if at <= latest - 2 * longest then
  local as_text = text(before)
  return '0;' .. as_text .. ';' .. as_text
end
local kept = got[2]
if kept and cmsgpack.unpack(kept) > forget_until then
  local first = { cmsgpack.unpack(kept) }
  local after = text(before)
  if first[2] ~= signature then return '0;' .. after .. ';' .. after end
  local given = {}
  for i = 1, count do given[i] = first[2 + i] end
  return '0;' .. text(given) .. ';' .. after
end

-- From here on it is applied.
if forget_until > -math.huge and at <= forget_until then
  -- A longer window lets in what was to be forgotten: first forget the rest of that.
  while not forget(1000) do end
  forget_until = -math.huge
end
horizon = longest
latest = math.max(latest, math.min(at, now))

local to_set, to_index = {}, {}
local function set(field, value)
  to_set[#to_set + 1] = field
  to_set[#to_set + 1] = value
end
local function add_to_index(member)
  to_index[#to_index + 1] = 0
  to_index[#to_index + 1] = member
end

local changed_windows, changed_pages = {}, {}
local distinct_added = false
for i = 1, count do
  local spec = specs[i]
  if spec.value ~= nil then
    local window = window_of(i)
    if not window then
      numbers = numbers + 1
      window = { key = spec.key, keep = spec.windowMs, bucketMs = spec.bucketMs, perPage = math.ceil(spec.windowMs / spec.bucketMs), newest = -math.huge, number = numbers }
      windows[spec.key] = window
      changed_windows[window] = true
      add_to_index('W' .. spec.key)
    end
    if spec.windowMs > window.keep then
      window.keep = spec.windowMs
      changed_windows[window] = true
    end
    local bucket = spec.last
    if spec.aggregate == 'distinct' then
      if bucket > window.newest then
        window.newest = bucket
        changed_windows[window] = true
      end
      local field = 'd' .. window.number .. ':' .. spec.value
      local held = tonumber(call('HGET', hash, field) or nil)
      local position = sortable(bucket)
      call('ZADD', index, 0, tag('B', window) .. position .. spec.value)
      if held == nil or bucket > held then
        if held then call('ZREM', index, tag('N', window) .. sortable(held) .. spec.value) end
        call('ZADD', index, 0, tag('N', window) .. position .. spec.value)
        call('HSET', hash, field, string.format('%.17g', bucket))
      end
    else
      local number = spec.value
      if spec.aggregate == 'count' then number = 1 end
      local page = floor(bucket / window.perPage)
      local field, offset = page_field(window, page), bucket - page * window.perPage
      local held = pages[field]
      if not held then
        held = { list = {} }
        pages[field] = held
        add_to_index(tag('P', window) .. sortable(page))
      end
      local list = held.list
      local j = #list - 1
      while j > 0 and list[j] > offset do j = j - 2 end
      if j > 0 and list[j] == offset then list[j + 1] = merge[spec.aggregate](list[j + 1], number)
      else
        table.insert(list, j + 2, number)
        table.insert(list, j + 2, offset)
      end
      changed_pages[field] = held
    end
  end
end
for field, held in pairs(changed_pages) do set(field, cmsgpack.pack(held.list)) end
for window in pairs(changed_windows) do
  set('w' .. window.key, pack('<ddddd', window.keep, window.bucketMs, window.perPage, window.newest, window.number))
end

-- Not a number stands for no total, as in memory.
local remembered = {}
for i = 1, count do if before[i] == before[i] then remembered[i] = before[i] end end
set(idField, cmsgpack.pack(at, signature, unpack(remembered, 1, count)))
add_to_index('T' .. sortable(at) .. id)

if pruned_at == nil then pruned_at = latest end
local prune = latest - pruned_at >= horizon / 2
if prune then
  pruned_at = latest
  forget_until = math.max(forget_until, latest - 2 * horizon)
end
expires = now + 2 * horizon
local function set_main()
  set('m', pack('<dddddd', latest, horizon, pruned_at, expires, forget_until, numbers))
end
local function write()
  for first = 1, #to_set, 2000 do call('HSET', hash, unpack(to_set, first, math.min(first + 1999, #to_set))) end
  to_set = {}
end
if forget_until == -math.huge then set_main() end
write()
for first = 1, #to_index, 2000 do call('ZADD', index, unpack(to_index, first, math.min(first + 1999, #to_index))) end
local answer = '1;' .. text(before) .. ';' .. text(totals())

local function remove_range(kind, window, first)
  call('ZREMRANGEBYLEX', index, '[' .. tag(kind, window), '(' .. tag(kind, window) .. sortable(first))
end

local function each_removed(kind, window, first, field_of)
  local members = call('ZRANGEBYLEX', index, '[' .. tag(kind, window), '(' .. tag(kind, window) .. sortable(first))
  for from = 1, #members, 1000 do
    local fields = {}
    for i = from, math.min(from + 999, #members) do fields[#fields + 1] = field_of(members[i]) end
    call('HDEL', hash, unpack(fields))
  end
  remove_range(kind, window, first)
end

local function prune_window(key)
  local window = { key = key }
  window.keep, window.bucketMs, window.perPage, window.newest, window.number = unpack_struct('<ddddd', call('HGET', hash, 'w' .. key))
  local first = floor((latest - horizon - window.keep) / window.bucketMs)
  if string.sub(key, 1, 8) == 'distinct' then
    each_removed('N', window, first, function(member) return 'd' .. window.number .. ':' .. string.sub(member, 12) end)
    remove_range('B', window, first)
    return
  end
  local page = floor(first / window.perPage)
  each_removed('P', window, page, function(member) return page_field(window, number_at(member, 4)) end)
  local field = page_field(window, page)
  local stored = call('HGET', hash, field)
  if not stored then return end
  local list, left = cmsgpack.unpack(stored), {}
  for j = 1, #list, 2 do
    if page * window.perPage + list[j] >= first then
      left[#left + 1] = list[j]
      left[#left + 1] = list[j + 1]
    end
  end
  if #left == 0 then
    call('HDEL', hash, field)
    call('ZREM', index, tag('P', window) .. sortable(page))
  elseif #left < #list then call('HSET', hash, field, cmsgpack.pack(left)) end
end

if prune then
  for _, member in ipairs(call('ZRANGEBYLEX', index, '[W', '(X')) do prune_window(string.sub(member, 2)) end
end
if forget_until > -math.huge then
  -- A hundred at a time, so that an entity with very many ids never holds the server for long.
  if forget(100) then forget_until = -math.huge end
  set_main()
  write()
end

if ARGV[2] ~= '' then
  local live = string.format('%.0f', math.min(math.ceil(2 * horizon + tonumber(ARGV[2])), 1e14))
  call('PEXPIRE', hash, live)
  call('PEXPIRE', index, live)
end
return answer
`;

/** Buckets a page. Both sides reckon with it. */
export const pageBuckets = 16;

/**
 * Adds an event to an entity's windows and answers the totals; what `contributeTo` and `prune` of @ecap/sdk/memory do, to the last bit.
 *
 * KEYS: the entity's hash and index. ARGV: see `contributeArguments`. Answers "1" where it was applied, "r" where the totals before are
 * those remembered, otherwise "0"; then the totals before and after as little-endian doubles; not a number stands for an empty min or max.
 *
 * The hash holds
 * - `m`: latest, horizon, when pruned, expiry, up to when ids are forgotten, how long Redis keeps the entity
 * - `w<window>`: how long buckets are kept, bucket size, newest bucket, 1 for distinct windows
 * - `b<window>:<page>`: a page of numeric buckets as [offset, value, …] in order
 * - `d<window><value>`: the newest bucket a distinct value was seen in
 * - `i<id>`: event time, signature, totals before it
 *
 * The index is a sorted set with one score, so in the order of its bytes: W<window>, T<time><id>, P<window><page><page as text>,
 * B<window><bucket><value>, N<window><newest bucket><value>. Counting N answers a distinct total in logarithmic time, as long as there is no newer
 * bucket than the one asked for.
 */
export const contributeScript = `
local call, floor, pack, unpack_struct, sub = redis.call, math.floor, struct.pack, struct.unpack, string.sub
local hash, index = KEYS[1], KEYS[2]
local now, at, at_sortable, id = tonumber(ARGV[1]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local signature, longest, count, repeated = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1'
local id_field = 'i' .. id
local infinity = math.huge

-- Ten bytes of seven bits, in the order of the numbers; what sortable() of the client writes.
local function sortable(x)
  local b = { string.byte(pack('>d', x + 0), 1, 8) }
  local negative = b[1] >= 128
  for i = 1, 8 do if negative then b[i] = 255 - b[i] end end
  if not negative then b[1] = b[1] + 128 end
  local bytes, held, bits = {}, 0, 0
  for i = 1, 8 do
    held = held * 256 + b[i]
    bits = bits + 8
    while bits >= 7 do
      local unit = 2 ^ (bits - 7)
      local digit = floor(held / unit)
      bytes[#bytes + 1] = string.char(digit)
      held = held - digit * unit
      bits = bits - 7
    end
  end
  bytes[#bytes + 1] = string.char(held * 64)
  return table.concat(bytes)
end

local specs, wanted = {}, { 'm', id_field }
local arg = 10
for i = 1, count do
  -- All fields at once: a table that grows is made anew each time it does.
  local spec = {
    id = ARGV[arg], kind = ARGV[arg + 1], windowMs = tonumber(ARGV[arg + 2]), bucketMs = tonumber(ARGV[arg + 3]),
    after = tonumber(ARGV[arg + 4]), last = tonumber(ARGV[arg + 5]), seen = tonumber(ARGV[arg + 6]), at = #wanted + 1,
    value = nil, field = false, last_sortable = false, start = false, pages = 0, fields = false,
    starts = false, wide = false, earlier = nil, in_last = nil,
  }
  wanted[#wanted + 1] = 'w' .. spec.id
  if ARGV[arg + 7] ~= '' then spec.value = sub(ARGV[arg + 7], 2) end
  if spec.kind == 'd' then
    spec.first_sortable, spec.end_sortable, spec.last_sortable = ARGV[arg + 8], ARGV[arg + 9], ARGV[arg + 10]
    spec.last_text = ARGV[arg + 5]
    if spec.value then
      spec.field = 'd' .. spec.id .. spec.value
      wanted[#wanted + 1] = spec.field
    end
    arg = arg + 11
  else
    if spec.value then spec.value = tonumber(spec.value) end
    spec.start = tonumber(ARGV[arg + 8])
    local pages, fields = tonumber(ARGV[arg + 9]), {}
    if pages < 0 then
      -- So many pages that it is quicker to ask which there are.
      spec.wide = { first = ARGV[arg + 10], last = ARGV[arg + 11] }
      arg = arg + 2
      pages = 1
    end
    local prefix, n = 'b' .. spec.id .. ':', #wanted
    for k = 1, pages do
      local field = prefix .. ARGV[arg + 9 + k]
      fields[k], wanted[n + k] = field, field
    end
    spec.fields, spec.pages = fields, pages
    spec.field, spec.last_sortable = fields[pages], ARGV[arg + 10 + pages]
    spec.last_text = ARGV[arg + 9 + pages]
    arg = arg + 11 + pages
  end
  specs[i] = spec
end

local got = call('HMGET', hash, unpack(wanted))
local latest, horizon, pruned_at, expires, forget_until, ttl_until
if got[1] then latest, horizon, pruned_at, expires, forget_until, ttl_until = unpack_struct('<dddddd', got[1]) end
if not latest or expires <= now then
  -- A write that a full server refuses comes first, for after another it refuses nothing.
  call('HSET', hash, id_field, '')
  call('UNLINK', hash, index)
  latest, horizon, pruned_at, forget_until, ttl_until = -infinity, 0, nil, -infinity, -infinity
  got = {}
end
if horizon > longest then longest = horizon end

local windows, lists, newest_of_value = {}, {}, {}
for i = 1, count do
  local spec = specs[i]
  local stored = got[spec.at]
  if stored and not windows[spec.id] then
    local window = {}
    window.keep, window.bucketMs, window.newest = unpack_struct('<ddd', stored)
    windows[spec.id] = window
  end
  if spec.kind == 'd' then
    local held = spec.value and got[spec.at + 1]
    if held then newest_of_value[spec.field] = tonumber(held) end
  else
    for k = 1, spec.pages do
      local field = wanted[spec.at + k]
      local page = got[spec.at + k]
      if page and not lists[field] then lists[field] = cmsgpack.unpack(page) end
    end
    if spec.wide then
      spec.fields, spec.starts = {}, {}
      for k, member in ipairs(call('ZRANGEBYLEX', index, '[P' .. spec.id .. spec.wide.first, '[P' .. spec.id .. spec.wide.last .. '\\255')) do
        local text = sub(member, 20)
        local field = 'b' .. spec.id .. ':' .. text
        spec.fields[k], spec.starts[k] = field, tonumber(text) * ${pageBuckets}
        if not lists[field] then lists[field] = cmsgpack.unpack(call('HGET', hash, field)) end
      end
    end
  end
end

-- Of the buckets that are seen: all together, and all but the one the event falls into.
local function numeric_total(spec)
  local kind, after, last, seen, result, earlier, in_last = spec.kind, spec.after, spec.last, spec.seen, nil, nil, nil
  local fields = spec.fields
  for k = 1, #fields do
    local list = lists[fields[k]]
    if list then
      local start = spec.starts and spec.starts[k] or spec.start + ${pageBuckets} * (k - 1)
      for j = 1, #list, 2 do
        local bucket = start + list[j]
        if bucket > after and bucket <= seen then
          local value = list[j + 1]
          if bucket == last then earlier, in_last = result, value end
          if result == nil then result = value
          elseif kind == 's' then result = result + value
          elseif kind == 'n' then if value < result then result = value end
          elseif value > result then result = value end
        end
      end
    end
  end
  if in_last == nil then earlier = result end
  return result, earlier, in_last
end

local function distinct_total(spec)
  local window = windows[spec.id]
  if not window then return 0, false end
  local newest = newest_of_value[spec.field]
  local from = spec.id .. spec.first_sortable
  local to = spec.id .. spec.end_sortable
  if spec.seen >= window.newest then
    return call('ZLEXCOUNT', index, '[N' .. from, '(N' .. to), newest ~= nil and newest > spec.after
  end
  local seen, total = {}, 0
  for _, member in ipairs(call('ZRANGEBYLEX', index, '[B' .. from, '(B' .. to)) do
    local value = sub(member, 20)
    if not seen[value] then
      seen[value] = true
      total = total + 1
    end
  end
  return total, seen[spec.value] == true
end

local nothing = 0 / 0
local function total_of(spec)
  if spec.kind == 'd' then
    local total, is_counted = distinct_total(spec)
    spec.is_counted = is_counted
    return total
  end
  local total
  total, spec.earlier, spec.in_last = numeric_total(spec)
  if total == nil then return spec.kind == 's' and 0 or nothing end
  return total
end

local function totals()
  local all = {}
  for i = 1, count do all[i] = total_of(specs[i]) end
  return all
end

local doubles = '<' .. string.rep('d', count)
local function answer(applied, before, after)
  return applied .. pack(doubles, unpack(before, 1, count)) .. pack(doubles, unpack(after, 1, count))
end

local function forget(limit)
  local old = call('ZRANGEBYLEX', index, '[T', '(T' .. sortable(forget_until) .. '\\255', 'LIMIT', 0, limit)
  if #old == 0 then return true end
  local fields = {}
  for i = 1, #old do fields[i] = 'i' .. sub(old[i], 12) end
  call('HDEL', hash, unpack(fields))
  call('ZREM', index, unpack(old))
  return #old < limit
end

local before = totals()
if at <= latest - 2 * longest then return answer('0', before, before) end
local kept = got[2]
local kept_at = kept and cmsgpack.unpack(kept)
if kept and kept_at > forget_until then
  local first = { cmsgpack.unpack(kept) }
  if first[2] ~= signature then return answer('0', before, before) end
  local given = {}
  for i = 1, count do
    given[i] = first[2 + i]
    if given[i] == nil then given[i] = nothing end
  end
  return answer('r', given, before)
end

-- From here on it is applied.
local to_set, to_index = {}, {}
local function set(field, value)
  local n = #to_set
  to_set[n + 1], to_set[n + 2] = field, value
end
local function add_to_index(member)
  local n = #to_index
  to_index[n + 1], to_index[n + 2] = 0, member
end

if forget_until > -infinity and at <= forget_until then
  -- A longer window lets in what was to be forgotten: first forget the rest of that.
  while not forget(1000) do end
  forget_until = -infinity
elseif kept then
  -- Forgotten, though still there, and here again at another time.
  call('ZREM', index, 'T' .. sortable(kept_at) .. id)
end
horizon = longest
latest = math.max(latest, math.min(at, now))

local function add_distinct(spec, window)
  local bucket, newest = spec.last, newest_of_value[spec.field]
  if newest == bucket then return end
  local tail = spec.id .. spec.last_sortable .. spec.value
  add_to_index('B' .. tail)
  if newest == nil or bucket > newest then
    add_to_index('N' .. tail)
    set(spec.field, spec.last_text)
    newest_of_value[spec.field] = bucket
    if newest then return 'N' .. spec.id .. sortable(newest) .. spec.value end
  end
end

local function add_number(spec, changed)
  local field = spec.field
  local offset = spec.last - (spec.start + ${pageBuckets} * (spec.pages - 1))
  local list = lists[field]
  if not list then
    changed[field] = true
    lists[field] = { offset, spec.value }
    add_to_index('P' .. spec.id .. spec.last_sortable .. spec.last_text)
    return
  end
  changed[field] = true
  local j, value, kind = #list - 1, spec.value, spec.kind
  while j > 0 and list[j] > offset do j = j - 2 end
  if j > 0 and list[j] == offset then
    local held = list[j + 1]
    if kind == 's' then list[j + 1] = held + value
    elseif kind == 'n' then if value < held then list[j + 1] = value end
    elseif value > held then list[j + 1] = value end
  elseif j == #list - 1 then
    list[j + 2], list[j + 3] = offset, value
  else
    table.insert(list, j + 2, value)
    table.insert(list, j + 2, offset)
  end
end

local superseded, changed = {}, {}
for i = 1, count do
  local spec = specs[i]
  if spec.value ~= nil then
    local window, is_changed = windows[spec.id], false
    if not window then
      window = { keep = spec.windowMs, bucketMs = spec.bucketMs, newest = -infinity }
      windows[spec.id] = window
      add_to_index('W' .. spec.id)
      is_changed = true
    end
    if spec.windowMs > window.keep then
      window.keep = spec.windowMs
      is_changed = true
    end
    if spec.kind == 'd' then
      if spec.last > window.newest then
        window.newest = spec.last
        is_changed = true
      end
      superseded[#superseded + 1] = add_distinct(spec, window)
    else
      add_number(spec, changed)
    end
    if is_changed then
      set('w' .. spec.id, pack('<dddd', window.keep, window.bucketMs, window.newest, spec.kind == 'd' and 1 or 0))
    end
  end
end
for field in pairs(changed) do set(field, cmsgpack.pack(lists[field])) end

-- No total is remembered as nil; so is not a number, as in memory.
local remembered = {}
for i = 1, count do if before[i] == before[i] then remembered[i] = before[i] end end
set(id_field, cmsgpack.pack(at, signature, unpack(remembered, 1, count)))
add_to_index('T' .. at_sortable .. id)

if pruned_at == nil then pruned_at = latest end
local prune = latest - pruned_at >= horizon / 2
if prune then
  pruned_at = latest
  forget_until = math.max(forget_until, latest - 2 * horizon)
end
expires = now + 2 * horizon
local live
if ARGV[2] ~= '' and ttl_until < expires then
  -- An eighth more, so that not every event sets it anew.
  ttl_until = expires + horizon / 4
  live = string.format('%.0f', math.min(math.ceil(ttl_until - now + tonumber(ARGV[2])), 1e14))
end
local function set_main()
  set('m', pack('<dddddd', latest, horizon, pruned_at, expires, forget_until, ttl_until))
end
local function write()
  for first = 1, #to_set, 2000 do call('HSET', hash, unpack(to_set, first, math.min(first + 1999, #to_set))) end
  to_set = {}
end
if forget_until == -infinity then set_main() end
write()
for first = 1, #to_index, 2000 do call('ZADD', index, unpack(to_index, first, math.min(first + 1999, #to_index))) end
if #superseded > 0 then call('ZREM', index, unpack(superseded)) end
if live then
  call('PEXPIRE', hash, live)
  call('PEXPIRE', index, live)
end

local after = {}
if repeated then
  for i = 1, count do
    local spec = specs[i]
    if spec.wide and lists[spec.field] and spec.fields[#spec.fields] ~= spec.field then
      spec.fields[#spec.fields + 1], spec.starts[#spec.starts + 1] = spec.field, spec.start
    end
  end
  after = totals()
else
  for i = 1, count do
    local spec = specs[i]
    local value, is_in = spec.value, spec.last > spec.after and spec.last <= spec.seen
    if value == nil or not is_in then after[i] = before[i]
    elseif spec.kind == 'd' then after[i] = before[i] + (spec.is_counted and 0 or 1)
    elseif spec.kind == 's' then
      local last = spec.in_last == nil and value or spec.in_last + value
      after[i] = spec.earlier == nil and last or spec.earlier + last
    elseif before[i] ~= before[i] then after[i] = value
    elseif spec.kind == 'n' then after[i] = math.min(before[i], value)
    else after[i] = math.max(before[i], value) end
  end
end
local result = answer('1', before, after)

local function each_removed(kind, window_id, first, prefix)
  local from, to = '[' .. kind .. window_id, '(' .. kind .. window_id .. first
  local members = call('ZRANGEBYLEX', index, from, to)
  for start = 1, #members, 1000 do
    local fields = {}
    for i = start, math.min(start + 999, #members) do fields[#fields + 1] = prefix .. sub(members[i], 20) end
    call('HDEL', hash, unpack(fields))
  end
  if #members > 0 then call('ZREMRANGEBYLEX', index, from, to) end
end

local function prune_window(window_id)
  local keep, bucketMs, _, is_distinct = unpack_struct('<dddd', call('HGET', hash, 'w' .. window_id))
  local first = floor((latest - horizon - keep) / bucketMs)
  if is_distinct == 1 then
    local bound = sortable(first)
    each_removed('N', window_id, bound, 'd' .. window_id)
    call('ZREMRANGEBYLEX', index, '[B' .. window_id, '(B' .. window_id .. bound)
    return
  end
  local page = floor(first / ${pageBuckets}) + 0
  local bound = sortable(page)
  each_removed('P', window_id, bound, 'b' .. window_id .. ':')
  local text = string.format('%.0f', page)
  local field = 'b' .. window_id .. ':' .. text
  local stored = call('HGET', hash, field)
  if not stored then return end
  local list, left = cmsgpack.unpack(stored), {}
  for j = 1, #list, 2 do
    if page * ${pageBuckets} + list[j] >= first then
      left[#left + 1] = list[j]
      left[#left + 1] = list[j + 1]
    end
  end
  if #left == 0 then
    call('HDEL', hash, field)
    call('ZREM', index, 'P' .. window_id .. bound .. text)
  elseif #left < #list then call('HSET', hash, field, cmsgpack.pack(left)) end
end

if prune then
  for _, member in ipairs(call('ZRANGEBYLEX', index, '[W', '(X')) do prune_window(sub(member, 2)) end
end
if forget_until > -infinity then
  -- A hundred at a time, so that an entity with very many ids never holds the server for long.
  if forget(100) then forget_until = -infinity end
  set_main()
  write()
end
return result
`;

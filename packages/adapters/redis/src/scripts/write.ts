/** Shared by the two write scripts: the version a stored value counts as, "" where it is absent or expired. */
const versionOf = `
local function version_of(stored, now)
  if not stored or struct.unpack('<d', stored, 17) <= now then return '' end
  return string.sub(stored, 1, 16)
end
`;

/**
 * Compare-and-set of a key outside groups. KEYS: the key. ARGV: now, expected version or "", new version, stored value or "", milliseconds to
 * live or "". Returns 1 where it was written. A command the client sent twice finds its own version and is written already.
 */
export const writeKeyScript = `${versionOf}
local current = version_of(redis.call('GET', KEYS[1]), tonumber(ARGV[1]))
if current ~= ARGV[2] then return current == ARGV[3] and 1 or 0 end
if ARGV[4] == '' then redis.call('DEL', KEYS[1])
elseif ARGV[5] == '' then redis.call('SET', KEYS[1], ARGV[4])
else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
return 1
`;

/**
 * All changes of a group, or none. KEYS: a hash and a sorted set of expiries for each head. ARGV: now, expected version or "", new version, number
 * of the guard's head, guard's field; then for each head three lists, each after its length: field and value to set, fields to remove, expiry
 * and field of those that expire.
 */
export const writeGroupScript = `${versionOf}
local now = tonumber(ARGV[1])
local current = version_of(redis.call('HGET', KEYS[2 * tonumber(ARGV[4]) - 1], ARGV[5]), now)
if current ~= ARGV[2] then return current == ARGV[3] and 1 or 0 end
local next_arg = 6
local function each_chunk(width, call)
  local count = tonumber(ARGV[next_arg]) * width
  local first = next_arg + 1
  next_arg = first + count
  while first < next_arg do
    local last = math.min(first + 2000, next_arg) - 1
    call(first, last)
    first = last + 1
  end
end
for head = 1, #KEYS / 2 do
  local hash, expiries = KEYS[2 * head - 1], KEYS[2 * head]
  local expiring = redis.call('EXISTS', expiries) == 1
  each_chunk(2, function(first, last)
    redis.call('HSET', hash, unpack(ARGV, first, last))
    if expiring then
      local fields = {}
      for i = first, last, 2 do fields[#fields + 1] = ARGV[i] end
      redis.call('ZREM', expiries, unpack(fields))
    end
  end)
  each_chunk(1, function(first, last)
    redis.call('HDEL', hash, unpack(ARGV, first, last))
    if expiring then redis.call('ZREM', expiries, unpack(ARGV, first, last)) end
  end)
  each_chunk(2, function(first, last)
    redis.call('ZADD', expiries, unpack(ARGV, first, last))
  end)
  -- Last: a full server refuses the first write of a script, but none after it.
  if expiring then
    local old = redis.call('ZRANGEBYSCORE', expiries, '-inf', ARGV[1], 'LIMIT', 0, 100)
    if #old > 0 then
      redis.call('HDEL', hash, unpack(old))
      redis.call('ZREM', expiries, unpack(old))
    end
  end
end
return 1
`;

-- Builds the world a script sees: Redis's names only, all of them read-only.
-- Called once per interpreter with the native functions; returns the function that runs a script and the
-- table behind the globals, where the caller puts KEYS and ARGV.
local native = ...
local pcall, xpcall, error, type, tostring = pcall, xpcall, error, type, tostring
local loadstring, setmetatable, rawset, byte = loadstring, setmetatable, rawset, string.byte
local resume, floor, concat = coroutine.resume, math.floor, table.concat
local READONLY = "Attempt to modify a readonly table"

local protected = setmetatable({}, { __mode = "k" })

local function readonly(table)
  local proxy = setmetatable({}, {
    __index = table,
    __newindex = function() error(READONLY, 2) end,
    __metatable = false,
  })
  protected[proxy] = true
  return proxy
end

-- Errors of native functions arrive as userdata; scripts are to see what Redis raises, a table.
local function raised(err)
  if type(err) == "userdata" then
    return { err = native.message(err) }
  end
  return err
end

-- A script that has run out of time must not catch the error that ends it.
local function settle(ok, ...)
  if ok then
    return ok, ...
  end
  local err = ...
  if native.expired() then
    error(err, 0)
  end
  err = raised(err)
  if type(err) == "table" and err.err then
    err = err.err
  end
  return false, err
end

local redis = {
  call = native.call,
  pcall = native.pcall,
  sha1hex = native.sha1hex,
  error_reply = native.error_reply,
  status_reply = native.status_reply,
  log = function() end,
  setresp = function(version)
    if version ~= 2 then
      error("RESP version must be 2 on the embedded server.", 2)
    end
  end,
  set_repl = function() end,
  replicate_commands = function() return true end,
  breakpoint = function() return false end,
  debug = function() end,
  acl_check_cmd = function() return true end,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = "7.0.0", REDIS_VERSION_NUM = 0x00070000,
}

string.dump = nil
math.randomseed = function() end
math.random = function(low, high)
  local r = native.random()
  if not low then
    return r
  end
  if not high then
    low, high = 1, low
  end
  if low > high then
    error("bad argument #1 to 'random' (interval is empty)", 2)
  end
  return floor(r * (high - low + 1)) + low
end
coroutine.resume = function(...) return settle(resume(...)) end

-- Compiled code could break out of the interpreter, so only text is loaded.
local function load_text(text, name)
  if byte(text) == 27 then
    return nil, "attempt to load a binary chunk"
  end
  return loadstring(text, name)
end

local visible = {
  _VERSION = _VERSION, assert = assert, collectgarbage = collectgarbage, error = error,
  gcinfo = gcinfo, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = pairs,
  rawequal = rawequal, rawget = rawget, select = select, setmetatable = setmetatable,
  tonumber = tonumber, tostring = tostring, type = type, unpack = unpack,
  pcall = function(...) return settle(pcall(...)) end,
  xpcall = function(body, handler)
    return settle(xpcall(body, function(err) return handler(raised(err)) end))
  end,
  rawset = function(table, key, value)
    if protected[table] then
      error(READONLY, 0)
    end
    return rawset(table, key, value)
  end,
  loadstring = load_text,
  load = function(reader, name)
    local parts = {}
    for part in reader do
      if part == "" then
        break
      end
      parts[#parts + 1] = part
    end
    return load_text(concat(parts), name)
  end,
  redis = readonly(redis),
  string = readonly(string), math = readonly(math),
  table = readonly(table), coroutine = readonly(coroutine),
}

getmetatable("").__metatable = false

setmetatable(visible, {
  __index = function(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
})

local globals = _G
for name in next, globals do
  rawset(globals, name, nil)
end
visible._G = globals
protected[globals] = true
setmetatable(globals, {
  __index = visible,
  __newindex = function() error(READONLY, 2) end,
  __metatable = false,
})

local function handler(err)
  err = raised(err)
  if type(err) ~= "table" then
    err = { err = "ERR " .. tostring(err) }
  end
  local line = native.line()
  if line then
    err.source = "@user_script"
    err.line = line
  end
  return err
end

return function(script) return xpcall(script, handler) end, visible

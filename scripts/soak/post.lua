-- wrk: posts the lines of the file BODIES in turn.
wrk.method = "POST"
wrk.path = "/predict"
local requests, index = {}, 0
function init()
  for line in io.lines(os.getenv("BODIES")) do requests[#requests + 1] = wrk.format(nil, nil, nil, line) end
end
function request()
  index = index % #requests + 1
  return requests[index]
end

// TSIG (RFC 8945) as a stream: one exchange is a signed request and the messages that answer it,
// each MAC chained to the one before (§5.3.1). Time is a parameter.
//
//   client                                 server
//   TsigClient::sign_request  -->          TsigServer::check
//   TsigClient::verify        <--          TsigServer::sign
//   TsigClient::verify        <--          TsigServer::sign      (chained, as many as there are)
#pragma once

#include "common/dns/tsig_client.h"
#include "common/dns/tsig_key.h"
#include "common/dns/tsig_server.h"

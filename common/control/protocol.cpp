#include "common/control/protocol.h"

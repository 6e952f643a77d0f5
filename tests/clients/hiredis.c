/* hiredis over every type, synchronously and pipelined. Usage: hiredis PORT; prints PASS and FAIL lines. */
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisContext *connection;
static int passed, failed;

static void Judge(const char *name, int good, const char *detail) {
  good ? passed++ : failed++;
  printf("%s hiredis: %s%s%s\n", good ? "PASS" : "FAIL", name, good ? "" : ": ", good ? "" : detail);
}

static void Flatten(const redisReply *reply, char *out, size_t size) {
  size_t used = strlen(out);
  if (used + 32 > size) return;
  switch (reply->type) {
    case REDIS_REPLY_INTEGER: snprintf(out + used, size - used, ":%lld", reply->integer); break;
    case REDIS_REPLY_NIL: snprintf(out + used, size - used, "nil"); break;
    case REDIS_REPLY_ARRAY:
      strcat(out, "[");
      for (size_t n = 0; n < reply->elements; n++) {
        if (n) strcat(out, " ");
        Flatten(reply->element[n], out, size);
      }
      if (strlen(out) + 2 < size) strcat(out, "]");
      break;
    default: snprintf(out + used, size - used, "%s%s", reply->type == REDIS_REPLY_ERROR ? "-" : "", reply->str);
  }
}

static void Expect(const char *expected, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  redisReply *reply = redisvCommand(connection, format, arguments);
  va_end(arguments);
  char text[4096] = "";
  if (reply) Flatten(reply, text, sizeof text);
  Judge(format, reply && strcmp(text, expected) == 0, reply ? text : connection->errstr);
  freeReplyObject(reply);
}

static void Pipeline(void) {
  int good = 1;
  for (int n = 0; n < 10000; n++) redisAppendCommand(connection, "INCRBY pipe %d", n);
  long long sum = 0;
  for (int n = 0; n < 10000; n++) {
    redisReply *reply;
    sum += n;
    if (redisGetReply(connection, (void **)&reply) != REDIS_OK) { good = 0; break; }
    good &= reply->type == REDIS_REPLY_INTEGER && reply->integer == sum;
    freeReplyObject(reply);
  }
  Judge("10,000 pipelined commands", good, "wrong reply");
}

static void Binary(void) {
  static char value[1 << 20];
  for (size_t n = 0; n < sizeof value; n++) value[n] = (char)(n * 31 + (n >> 8));
  Expect("OK", "SET %b %b", "key\0with zero", (size_t)13, value, sizeof value);
  redisReply *reply = redisCommand(connection, "GET %b", "key\0with zero", (size_t)13);
  Judge("a megabyte of binary", reply && reply->len == sizeof value && memcmp(reply->str, value, sizeof value) == 0, "differs");
  freeReplyObject(reply);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  connection = redisConnect("127.0.0.1", atoi(argv[1]));
  if (!connection || connection->err) return 2;
  Expect("OK", "FLUSHALL");
  Expect("OK", "SET s %s EX 100", "hello");
  Expect("hello", "GET s");
  Expect("nil", "GET none");
  Expect(":11", "APPEND s %s", " world");
  Expect(":3", "RPUSH l a b c");
  Expect("[a b c]", "LRANGE l 0 -1");
  Expect("[l a]", "BLPOP l 1");
  Expect(":2", "HSET h f 1 g 2");
  Expect("[1 nil]", "HMGET h f zz");
  Expect("[f 1 g 2]", "HGETALL h");
  Expect(":3", "SADD t 1 2 3");
  Expect("[:1 :0]", "SMISMEMBER t 1 9");
  Expect("[1 2 3]", "SMEMBERS t");
  Expect(":2", "ZADD z 1.5 a 2 b");
  Expect("[a 1.5 b 2]", "ZRANGE z 0 -1 WITHSCORES");
  Expect(":1", "ZRANK z b");
  Expect("-WRONGTYPE Operation against a key holding the wrong kind of value", "LPUSH s x");
  Expect("OK", "MULTI");
  Expect("QUEUED", "INCR n");
  Expect("QUEUED", "LPUSH s x");
  Expect("[:1 -WRONGTYPE Operation against a key holding the wrong kind of value]", "EXEC");
  Expect("[x [:1 :2]]", "EVAL %s 0", "return {'x',{1,2}}");
  Pipeline();
  Binary();
  redisFree(connection);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}

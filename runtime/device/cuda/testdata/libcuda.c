// A library with the interface of the CUDA driver, for tests. "Device" memory is memory
// of the process. Work is queued and done only when somebody waits for it, so that a copy
// whose source went away too early shows. Every address is looked up in a table of what
// was allocated, and every handle in a table of what lives. Kernels are known by the names
// that package devicetest gives them; what they do is written here in C.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef int CUresult;
enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_IMAGE = 200,
       INVALID_CONTEXT = 201, NO_BINARY = 209, INVALID_PTX = 218, UNSUPPORTED_PTX = 222, INVALID_HANDLE = 400,
       NOT_FOUND = 500, NOT_READY = 600, ILLEGAL_ADDRESS = 700, CONTEXT_ACTIVE = 708, MISALIGNED = 716,
       CAPTURE_UNSUPPORTED = 900 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;

// What tests set, by name.
static struct setting { const char *name; int64_t value; } settings[] = {
    {"version", 12040}, {"devices", 1}, {"memory", 64 << 20}, {"virtual", 1}, {"architecture", 90}, {"hold", 0}, {0, 0}};
static int64_t *setting(const char *name) {
    for (struct setting *s = settings; s->name; s++)
        if (!strcmp(s->name, name)) return &s->value;
    fprintf(stderr, "no setting %s\n", name);
    abort();
}

// Calls are counted by name, and one of them can be made to fail.
static struct call { const char *name; int64_t count, fail_at, result; } calls[128];
static struct call *call_of(const char *name) {
    for (int i = 0; i < 128; i++) {
        if (!calls[i].name) calls[i].name = strdup(name);
        if (!strcmp(calls[i].name, name)) return &calls[i];
    }
    abort();
}

// What lives: handles, and ranges of memory.
enum kind { CONTEXT, STREAM, EVENT, GRAPH, EXEC, MODULE, LINK, PHYSICAL, DEVICE_RANGE, HOST_RANGE, RESERVED, MAPPED };
static struct live { enum kind kind; uintptr_t at; size_t size; struct live *next; } *living;
static void live_add(enum kind kind, uintptr_t at, size_t size) {
    struct live *l = malloc(sizeof *l);
    *l = (struct live){kind, at, size, living};
    living = l;
}
static struct live *live_find(enum kind kind, uintptr_t at) {
    for (struct live *l = living; l; l = l->next)
        if (l->kind == kind && l->at == at) return l;
    return 0;
}
static int live_remove(enum kind kind, uintptr_t at) {
    for (struct live **p = &living; *p; p = &(*p)->next)
        if ((*p)->kind == kind && (*p)->at == at) {
            struct live *l = *p;
            *p = l->next;
            free(l);
            return 1;
        }
    return 0;
}
static int inside(enum kind kind, uintptr_t at, size_t size) {
    for (struct live *l = living; l; l = l->next)
        if (l->kind == kind && at >= l->at && size <= l->size && at - l->at <= l->size - size) return 1;
    return 0;
}
static int on_device(uintptr_t at, size_t size) {
    if (inside(DEVICE_RANGE, at, size)) return 1;
    for (struct live *l = living; l; l = l->next) // memory under reserved addresses may be of several pieces
        if (l->kind == MAPPED && at >= l->at && at - l->at < l->size)
            return size <= l->size - (at - l->at) || on_device(l->at + l->size, size - (l->size - (at - l->at)));
    return 0;
}
static size_t used(void) {
    size_t sum = 0;
    for (struct live *l = living; l; l = l->next)
        if (l->kind == DEVICE_RANGE || l->kind == PHYSICAL || l->kind == MAPPED) sum += l->size;
    return sum;
}

static int initialised, retains;
static unsigned flags;
static CUresult sticky;
static int context_object;
static __thread void *current;

static CUresult enter(const char *name, int needs_context) {
    pthread_mutex_lock(&lock);
    struct call *c = call_of(name);
    if (++c->count == c->fail_at) {
        if (c->result >= 700 && c->result < 720 && c->result != 701 && c->result != CONTEXT_ACTIVE) sticky = c->result;
        return c->result;
    }
    if (!needs_context) return OK;
    if (!initialised || !retains || current != &context_object) return INVALID_CONTEXT;
    return sticky;
}
static CUresult leave(CUresult r) { pthread_mutex_unlock(&lock); return r; }
#define BEGIN(needs_context) do { CUresult r_ = enter(__func__, needs_context); if (r_) return leave(r_); } while (0)
#define REQUIRE(condition, result) do { if (!(condition)) return leave(result); } while (0)

// Kernels.
typedef struct { unsigned grid, block, shared; unsigned char p[4096]; size_t size; } launch;
static void fault(CUresult r) { if (!sticky) sticky = r; }
static void *word(uint64_t at, size_t size) {
    if (at % size) return fault(MISALIGNED), (void *)0;
    if (!on_device(at, size)) return fault(ILLEGAL_ADDRESS), (void *)0;
    return (void *)at;
}
static uint64_t u64(const launch *l, size_t at) { uint64_t v; memcpy(&v, l->p + at, 8); return v; }
static uint32_t u32(const launch *l, size_t at) { uint32_t v; memcpy(&v, l->p + at, 4); return v; }
#define EACH(i, count) for (uint64_t i = 0; i < (uint64_t)l->grid * l->block && i < (count) && !sticky; i++)
static void vector_add(const launch *l) {
    EACH(i, u32(l, 24)) {
        uint32_t *o = word(u64(l, 0) + 4 * i, 4), *a = word(u64(l, 8) + 4 * i, 4), *b = word(u64(l, 16) + 4 * i, 4);
        if (o && a && b) *o = *a + *b;
    }
}
static void histogram(const launch *l) {
    EACH(i, u32(l, 16)) {
        uint32_t *v = word(u64(l, 8) + 4 * i, 4), *n = v ? word(u64(l, 0) + 4 * (*v & 15), 4) : 0;
        if (n) ++*n;
    }
}
static void block_sum(const launch *l) {
    uint64_t *sum = word(u64(l, 0), 8);
    EACH(i, u32(l, 16)) {
        uint32_t *v = word(u64(l, 8) + 4 * i, 4);
        if (v && sum) *sum += *v;
    }
}
static void reverse(const launch *l) {
    if (l->shared < 4 * l->block) return fault(ILLEGAL_ADDRESS);
    EACH(i, UINT64_MAX) {
        uint64_t first = i / l->block * l->block;
        uint32_t *o = word(u64(l, 0) + 4 * i, 4), *v = word(u64(l, 8) + 4 * (first + l->block - 1 - i % l->block), 4);
        if (o && v) *o = *v;
    }
}
static void arguments(const launch *l) {
    static const struct { int at, size; } fields[] = {{8, 1}, {10, 2}, {12, 4}, {16, 8}, {24, 4}, {32, 8}, {40, 1}, {48, 8}, {56, 2}, {60, 4}};
    for (int i = 0; i < 10; i++) {
        void *o = word(u64(l, 0) + 8 * i, 8);
        if (o) memcpy(o, l->p + fields[i].at, fields[i].size);
    }
}
static void poke(const launch *l) {
    uint32_t *o = word(u64(l, 0), 4);
    if (o) *o = u32(l, 8);
}
static void spin(const launch *l) {
    uint32_t v = 1;
    for (uint32_t i = 0; i < u32(l, 8); i++) v = v * 1664525 + 1013904223;
    uint32_t *o = word(u64(l, 0), 4);
    if (o) *o = v;
}
static const struct body { const char *name; void (*run)(const launch *); size_t size; int shared, threads; } bodies[] = {
    {"vector_add", vector_add, 28, 0, 1024}, {"histogram", histogram, 20, 0, 1024}, {"block_sum", block_sum, 20, 2048, 256},
    {"reverse", reverse, 16, 0, 1024}, {"arguments", arguments, 64, 0, 1024}, {"poke", poke, 12, 0, 1024}, {"spin", spin, 12, 0, 1024}, {0}};
typedef struct function { const struct body *body; int dynamic; struct function *next; } function;
typedef struct { char *text; function *functions; } module;

// Work.
typedef struct op {
    enum { COPY, FILL, RUN, RECORD, WAIT } what;
    struct stream *stream;
    uintptr_t to, from;
    size_t size;
    int value, to_device, from_device;
    function *f;
    launch l;
    struct event *event;
    struct op *next;
} op;
typedef struct event { int recorded, passed; float time; } event;
typedef struct { op *first, **last; } list;
typedef struct stream { list *capturing; } stream;
static list queue = {0, &queue.first};
static float now;

static void append(list *to, op *o) {
    o->next = 0;
    *to->last = o;
    to->last = &o->next;
}
static void give(stream *s, op *template) {
    op *o = malloc(sizeof *o);
    *o = *template;
    o->stream = s;
    if (o->what == RECORD && !s->capturing) o->event->recorded = 1, o->event->passed = 0;
    append(s->capturing ? s->capturing : &queue, o);
}
static void perform(op *o) {
    now += 0.001f;
    switch (o->what) {
    case COPY:
        if (!(o->to_device ? on_device(o->to, o->size) : inside(HOST_RANGE, o->to, o->size)) ||
            !(o->from_device ? on_device(o->from, o->size) : inside(HOST_RANGE, o->from, o->size)))
            return fault(ILLEGAL_ADDRESS);
        memcpy((void *)o->to, (void *)o->from, o->size);
        return;
    case FILL:
        if (!on_device(o->to, o->size)) return fault(ILLEGAL_ADDRESS);
        memset((void *)o->to, o->value, o->size);
        return;
    case RUN: o->f->body->run(&o->l); return;
    case RECORD:
        if (live_find(EVENT, (uintptr_t)o->event)) o->event->passed = 1, o->event->time = now;
        return;
    case WAIT: return; // the queue is in the order of giving, in which all events come first
    }
}
static CUresult work(void) {
    while (queue.first) {
        op *o = queue.first;
        if (!(queue.first = o->next)) queue.last = &queue.first;
        if (!sticky) perform(o);
        free(o);
    }
    return sticky;
}
static void drop(list *l) {
    for (op *o = l->first, *next; o; o = next) next = o->next, free(o);
    free(l);
}

// The control of the tests.
void mock_set(const char *name, int64_t value) {
    pthread_mutex_lock(&lock);
    *setting(name) = value;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
}
void mock_fail(const char *name, int64_t nth, int64_t result) {
    pthread_mutex_lock(&lock);
    struct call *c = call_of(name);
    c->fail_at = c->count + nth, c->result = result;
    pthread_mutex_unlock(&lock);
}
int64_t mock_calls(const char *name) {
    pthread_mutex_lock(&lock);
    int64_t n = call_of(name)->count;
    pthread_mutex_unlock(&lock);
    return n;
}
int64_t mock_live(void) {
    pthread_mutex_lock(&lock);
    int64_t n = retains;
    for (struct live *l = living; l; l = l->next) n++;
    pthread_mutex_unlock(&lock);
    return n;
}
int64_t mock_flags(void) { return flags; }

// The interface.
CUresult cuDriverGetVersion(int *version) { BEGIN(0); *version = *setting("version"); return leave(OK); }
CUresult cuInit(unsigned f) {
    BEGIN(0);
    REQUIRE(f == 0, INVALID_VALUE);
    initialised = 1;
    return leave(OK);
}
CUresult cuGetErrorName(CUresult r, const char **name) {
    static const struct { CUresult r; const char *name; } names[] = {
        {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"}, {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"}, {NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
        {INVALID_PTX, "CUDA_ERROR_INVALID_PTX"}, {UNSUPPORTED_PTX, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"}, {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {NO_BINARY, "CUDA_ERROR_NO_BINARY_FOR_GPU"}, {MISALIGNED, "CUDA_ERROR_MISALIGNED_ADDRESS"}, {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"}, {0, 0}};
    for (int i = 0; names[i].name; i++)
        if (names[i].r == r) return *name = names[i].name, OK;
    return *name = 0, INVALID_VALUE;
}
CUresult cuGetErrorString(CUresult r, const char **text) { return r == ILLEGAL_ADDRESS ? (*text = "an illegal memory access was encountered", OK) : (*text = 0, INVALID_VALUE); }
CUresult cuDeviceGetCount(int *count) { BEGIN(0); *count = *setting("devices"); return leave(OK); }
CUresult cuDeviceGet(int *device, int ordinal) {
    BEGIN(0);
    REQUIRE(ordinal >= 0 && ordinal < *setting("devices"), INVALID_DEVICE);
    *device = ordinal;
    return leave(OK);
}
CUresult cuDeviceGetName(char *name, int size, int device) { BEGIN(0); snprintf(name, size, "Mock %d", device); return leave(OK); }
CUresult cuDeviceTotalMem_v2(size_t *bytes, int device) { BEGIN(0); *bytes = *setting("memory"); return leave(OK); }
CUresult cuDeviceGetAttribute(int *value, int attribute, int device) {
    BEGIN(0);
    switch (attribute) {
    case 16: *value = 4; break;
    case 18: *value = 0; break;
    case 39: *value = 2048; break;
    case 75: *value = *setting("architecture") / 10; break;
    case 76: *value = *setting("architecture") % 10; break;
    case 97: *value = 232448; break;
    case 102: *value = *setting("virtual"); break;
    default: return leave(INVALID_VALUE);
    }
    return leave(OK);
}
CUresult cuDevicePrimaryCtxSetFlags_v2(int device, unsigned f) {
    BEGIN(0);
    REQUIRE(!retains, CONTEXT_ACTIVE);
    flags = f;
    return leave(OK);
}
CUresult cuDevicePrimaryCtxRetain(void **context, int device) {
    BEGIN(0);
    REQUIRE(initialised, 3);
    retains++;
    *context = &context_object;
    return leave(OK);
}
CUresult cuDevicePrimaryCtxRelease_v2(int device) {
    BEGIN(0);
    REQUIRE(retains > 0, INVALID_CONTEXT);
    retains--;
    REQUIRE(retains || sticky || !queue.first, NOT_READY); // stricter than the real one, which waits
    if (retains == 0 && sticky) { // the context takes everything with it
        while (living) live_remove(living->kind, living->at);
        work();
        sticky = OK;
    }
    return leave(OK);
}
CUresult cuCtxSetCurrent(void *context) {
    BEGIN(0);
    REQUIRE(!context || (retains && context == &context_object), INVALID_CONTEXT);
    current = context;
    return leave(OK);
}
CUresult cuCtxSynchronize(void) {
    BEGIN(1);
    for (struct live *l = living; l; l = l->next) REQUIRE(l->kind != STREAM || !((stream *)l->at)->capturing, CAPTURE_UNSUPPORTED);
    return leave(work());
}
CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
    BEGIN(1);
    *total = *setting("memory");
    *available = *total - used();
    return leave(OK);
}
static CUresult fits(size_t bytes) { return bytes <= (size_t)*setting("memory") - used() ? OK : OUT_OF_MEMORY; }
CUresult cuMemAlloc_v2(uint64_t *at, size_t bytes) {
    BEGIN(1);
    REQUIRE(bytes > 0, INVALID_VALUE);
    REQUIRE(!fits(bytes), OUT_OF_MEMORY);
    *at = (uint64_t)aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset((void *)*at, 0xa5, bytes);
    live_add(DEVICE_RANGE, *at, bytes);
    return leave(OK);
}
CUresult cuMemFree_v2(uint64_t at) {
    BEGIN(1);
    CUresult done = work();
    REQUIRE(!done, done);
    REQUIRE(live_remove(DEVICE_RANGE, at), INVALID_VALUE);
    free((void *)at);
    return leave(OK);
}
CUresult cuMemHostAlloc(void **at, size_t bytes, unsigned f) {
    BEGIN(1);
    REQUIRE(bytes > 0, INVALID_VALUE);
    *at = malloc(bytes);
    memset(*at, 0x5a, bytes);
    live_add(HOST_RANGE, (uintptr_t)*at, bytes);
    return leave(OK);
}
CUresult cuMemFreeHost(void *at) {
    BEGIN(1);
    REQUIRE(live_remove(HOST_RANGE, (uintptr_t)at), INVALID_VALUE);
    free(at);
    return leave(OK);
}
#define STREAM_OF(s) REQUIRE(live_find(STREAM, (uintptr_t)(s)), INVALID_HANDLE)
CUresult cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(on_device(to, size) && inside(HOST_RANGE, (uintptr_t)from, size), INVALID_VALUE);
    give(s, &(op){.what = COPY, .to = to, .from = (uintptr_t)from, .size = size, .to_device = 1});
    return leave(OK);
}
CUresult cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(on_device(from, size) && inside(HOST_RANGE, (uintptr_t)to, size), INVALID_VALUE);
    give(s, &(op){.what = COPY, .to = (uintptr_t)to, .from = from, .size = size, .from_device = 1});
    return leave(OK);
}
CUresult cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t size, stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(on_device(to, size) && on_device(from, size), INVALID_VALUE);
    give(s, &(op){.what = COPY, .to = to, .from = from, .size = size, .to_device = 1, .from_device = 1});
    return leave(OK);
}
CUresult cuMemsetD8Async(uint64_t to, unsigned char value, size_t size, stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(on_device(to, size), INVALID_VALUE);
    give(s, &(op){.what = FILL, .to = to, .value = value, .size = size});
    return leave(OK);
}

// Virtual memory, in steps of 64 KiB.
enum { STEP = 1 << 16 };
typedef struct { int type, handles, location, id; void *windows; unsigned char flags[8]; } allocation;
typedef struct { int location, id, flags; } right;
typedef struct { size_t size; int mapped, released; } physical;
static int plain(const allocation *a) { return a->type == 1 && a->handles == 0 && a->location == 1 && a->id == 0 && !a->windows; }
static void settle(physical *p) {
    if (p->released && !p->mapped) live_remove(PHYSICAL, (uintptr_t)p), free(p);
}
CUresult cuMemGetAllocationGranularity(size_t *step, const allocation *a, int option) {
    BEGIN(1);
    REQUIRE(plain(a) && option == 0, INVALID_VALUE);
    *step = STEP;
    return leave(OK);
}
CUresult cuMemAddressReserve(uint64_t *at, size_t size, size_t alignment, uint64_t wish, unsigned long long f) {
    BEGIN(1);
    REQUIRE(size && size % STEP == 0 && !alignment && !wish && !f, INVALID_VALUE);
    char *raw = mmap(0, size + STEP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(raw != MAP_FAILED, OUT_OF_MEMORY);
    char *aligned = (char *)(((uintptr_t)raw + STEP - 1) / STEP * STEP);
    if (aligned > raw) munmap(raw, aligned - raw);
    if (aligned < raw + STEP) munmap(aligned + size, raw + STEP - aligned);
    *at = (uint64_t)aligned;
    live_add(RESERVED, *at, size);
    return leave(OK);
}
CUresult cuMemAddressFree(uint64_t at, size_t size) {
    BEGIN(1);
    struct live *l = live_find(RESERVED, at);
    REQUIRE(l && l->size == size, INVALID_VALUE);
    for (struct live *m = living; m; m = m->next) REQUIRE(m->kind != MAPPED || m->at < at || m->at >= at + size, INVALID_VALUE);
    live_remove(RESERVED, at);
    munmap((void *)at, size);
    return leave(OK);
}
CUresult cuMemCreate(physical **handle, size_t size, const allocation *a, unsigned long long f) {
    BEGIN(1);
    REQUIRE(size && size % STEP == 0 && plain(a) && !f, INVALID_VALUE);
    REQUIRE(!fits(size), OUT_OF_MEMORY);
    *handle = calloc(1, sizeof **handle);
    (*handle)->size = size;
    live_add(PHYSICAL, (uintptr_t)*handle, size);
    return leave(OK);
}
CUresult cuMemRelease(physical *p) {
    BEGIN(1);
    REQUIRE(live_find(PHYSICAL, (uintptr_t)p) && !p->released, INVALID_VALUE);
    p->released = 1;
    settle(p);
    return leave(OK);
}
static struct { uint64_t at; physical *p; } mapped[1024];
CUresult cuMemMap(uint64_t at, size_t size, size_t offset, physical *p, unsigned long long f) {
    BEGIN(1);
    REQUIRE(live_find(PHYSICAL, (uintptr_t)p) && p->size == size && !offset && !f && inside(RESERVED, at, size) && at % STEP == 0, INVALID_VALUE);
    for (struct live *m = living; m; m = m->next) REQUIRE(m->kind != MAPPED || m->at >= at + size || at >= m->at + m->size, INVALID_VALUE);
    int i = 0;
    while (i < 1024 && mapped[i].p) i++;
    REQUIRE(i < 1024, OUT_OF_MEMORY);
    mapped[i].at = at, mapped[i].p = p, p->mapped = 1;
    live_find(PHYSICAL, (uintptr_t)p)->size = 0; // counted once, by the mapping
    live_add(MAPPED, at, size);
    return leave(OK);
}
CUresult cuMemSetAccess(uint64_t at, size_t size, const right *r, size_t count) {
    BEGIN(1);
    REQUIRE(inside(MAPPED, at, size) && count == 1 && r->location == 1 && r->id == 0 && r->flags == 3, INVALID_VALUE);
    REQUIRE(!mprotect((void *)at, size, PROT_READ | PROT_WRITE), OUT_OF_MEMORY);
    memset((void *)at, 0xa5, size);
    return leave(OK);
}
CUresult cuMemUnmap(uint64_t at, size_t size) {
    BEGIN(1);
    struct live *l = live_find(MAPPED, at);
    REQUIRE(l && l->size == size, INVALID_VALUE);
    live_remove(MAPPED, at);
    mprotect((void *)at, size, PROT_NONE);
    for (int i = 0; i < 1024; i++)
        if (mapped[i].p && mapped[i].at == at) {
            physical *p = mapped[i].p;
            mapped[i].p = 0, p->mapped = 0;
            settle(p);
        }
    return leave(OK);
}

CUresult cuStreamCreate(stream **s, unsigned f) {
    BEGIN(1);
    REQUIRE(f == 1, INVALID_VALUE);
    *s = calloc(1, sizeof **s);
    live_add(STREAM, (uintptr_t)*s, 0);
    return leave(OK);
}
CUresult cuStreamDestroy_v2(stream *s) {
    BEGIN(1);
    REQUIRE(live_remove(STREAM, (uintptr_t)s), INVALID_HANDLE); // its work goes on; not freed: the queue names it
    return leave(OK);
}
CUresult cuStreamQuery(stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    for (op *o = queue.first; o; o = o->next) REQUIRE(o->stream != s, NOT_READY);
    return leave(OK);
}
CUresult cuStreamSynchronize(stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(!s->capturing, CAPTURE_UNSUPPORTED);
    while (*setting("hold")) pthread_cond_wait(&released, &lock);
    return leave(work());
}
CUresult cuStreamWaitEvent(stream *s, event *e, unsigned f) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(live_find(EVENT, (uintptr_t)e), INVALID_HANDLE);
    give(s, &(op){.what = WAIT, .event = e});
    return leave(OK);
}
CUresult cuEventCreate(event **e, unsigned f) {
    BEGIN(1);
    *e = calloc(1, sizeof **e);
    live_add(EVENT, (uintptr_t)*e, 0);
    return leave(OK);
}
CUresult cuEventDestroy_v2(event *e) {
    BEGIN(1);
    REQUIRE(live_remove(EVENT, (uintptr_t)e), INVALID_HANDLE); // not freed: the queue may name it
    return leave(OK);
}
CUresult cuEventRecord(event *e, stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(live_find(EVENT, (uintptr_t)e), INVALID_HANDLE);
    give(s, &(op){.what = RECORD, .event = e});
    return leave(OK);
}
CUresult cuEventSynchronize(event *e) {
    BEGIN(1);
    REQUIRE(live_find(EVENT, (uintptr_t)e), INVALID_HANDLE);
    return leave(work());
}
CUresult cuEventElapsedTime(float *milliseconds, event *start, event *end) {
    BEGIN(1);
    REQUIRE(live_find(EVENT, (uintptr_t)start) && live_find(EVENT, (uintptr_t)end) && start->recorded && end->recorded, INVALID_HANDLE);
    REQUIRE(start->passed && end->passed, NOT_READY);
    *milliseconds = end->time - start->time;
    return leave(OK);
}

CUresult cuStreamBeginCapture_v2(stream *s, int mode) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(mode == 2 && !s->capturing, INVALID_VALUE);
    s->capturing = malloc(sizeof *s->capturing);
    *s->capturing = (list){0, &s->capturing->first};
    return leave(OK);
}
CUresult cuStreamEndCapture(stream *s, list **graph) {
    CUresult failed = enter(__func__, 1);
    STREAM_OF(s);
    if (failed && s->capturing) drop(s->capturing), s->capturing = 0; // the capture ends also then
    REQUIRE(!failed, failed);
    REQUIRE(s->capturing, INVALID_VALUE);
    *graph = s->capturing;
    s->capturing = 0;
    live_add(GRAPH, (uintptr_t)*graph, 0);
    return leave(OK);
}
CUresult cuGraphInstantiateWithFlags(list **exec, list *graph, unsigned long long f) {
    BEGIN(1);
    REQUIRE(live_find(GRAPH, (uintptr_t)graph), INVALID_HANDLE);
    *exec = malloc(sizeof **exec);
    **exec = (list){0, &(*exec)->first};
    for (op *o = graph->first; o; o = o->next) {
        op *copy = malloc(sizeof *copy);
        *copy = *o;
        append(*exec, copy);
    }
    live_add(EXEC, (uintptr_t)*exec, 0);
    return leave(OK);
}
CUresult cuGraphLaunch(list *exec, stream *s) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(live_find(EXEC, (uintptr_t)exec), INVALID_HANDLE);
    for (op *o = exec->first; o; o = o->next) give(s, o);
    return leave(OK);
}
CUresult cuGraphDestroy(list *graph) {
    BEGIN(1);
    REQUIRE(live_remove(GRAPH, (uintptr_t)graph), INVALID_HANDLE);
    drop(graph);
    return leave(OK);
}
CUresult cuGraphExecDestroy(list *exec) {
    BEGIN(1);
    REQUIRE(live_remove(EXEC, (uintptr_t)exec), INVALID_HANDLE);
    drop(exec);
    return leave(OK);
}

// A "cubin" is a line that names the architecture, and the PTX.
typedef struct { char *log, *image; size_t size; } linking;
CUresult cuLinkCreate_v2(unsigned count, int *options, void **values, linking **link) {
    BEGIN(1);
    REQUIRE(count == 2 && options[0] == 5 && options[1] == 6 && (uintptr_t)values[1] >= 256, INVALID_VALUE);
    *link = calloc(1, sizeof **link);
    (*link)->log = values[0];
    live_add(LINK, (uintptr_t)*link, 0);
    return leave(OK);
}
CUresult cuLinkAddData_v2(linking *link, int type, const char *text, size_t size, const char *name, unsigned count, void *options, void *values) {
    BEGIN(1);
    REQUIRE(live_find(LINK, (uintptr_t)link) && type == 1 && size && !text[size - 1] && !count && name, INVALID_VALUE);
    int major, minor, target, depth = 0;
    const char *version = strstr(text, ".version"), *wants = strstr(text, ".target sm_");
    for (const char *c = text; *c; c++) depth += (*c == '{') - (*c == '}');
    if (!version || sscanf(version, ".version %d.%d", &major, &minor) != 2 || !wants || sscanf(wants, ".target sm_%d", &target) != 1 || depth) {
        sprintf(link->log, "ptxas application ptx input, line 1; fatal   : parsing error near '%.20s'", text);
        return leave(INVALID_PTX);
    }
    if (10 * major + minor > 84) {
        sprintf(link->log, "ptxas application ptx input, line 1; fatal   : Unsupported .version %d.%d; current version is '8.4'", major, minor);
        return leave(UNSUPPORTED_PTX);
    }
    REQUIRE(target <= *setting("architecture"), NO_BINARY);
    link->size = asprintf(&link->image, "CUBIN sm_%d\n%s", (int)*setting("architecture"), text) + 1;
    return leave(OK);
}
CUresult cuLinkComplete(linking *link, void **image, size_t *size) {
    BEGIN(1);
    REQUIRE(live_find(LINK, (uintptr_t)link) && link->image, INVALID_VALUE);
    *image = link->image, *size = link->size;
    return leave(OK);
}
CUresult cuLinkDestroy(linking *link) {
    BEGIN(1);
    REQUIRE(live_remove(LINK, (uintptr_t)link), INVALID_HANDLE);
    free(link->image), free(link);
    return leave(OK);
}
CUresult cuModuleLoadData(module **m, const char *image) {
    BEGIN(1);
    int architecture;
    REQUIRE(sscanf(image, "CUBIN sm_%d\n", &architecture) == 1, INVALID_IMAGE);
    REQUIRE(architecture == *setting("architecture"), NO_BINARY);
    *m = calloc(1, sizeof **m);
    (*m)->text = strdup(image);
    live_add(MODULE, (uintptr_t)*m, 0);
    return leave(OK);
}
CUresult cuModuleUnload(module *m) {
    BEGIN(1);
    REQUIRE(live_remove(MODULE, (uintptr_t)m), INVALID_HANDLE);
    work();
    for (function *f = m->functions, *next; f; f = next) next = f->next, free(f);
    free(m->text), free(m);
    return leave(OK);
}
CUresult cuModuleGetFunction(function **f, module *m, const char *name) {
    BEGIN(1);
    REQUIRE(live_find(MODULE, (uintptr_t)m), INVALID_HANDLE);
    char entry[128];
    snprintf(entry, sizeof entry, ".entry %s(", name);
    REQUIRE(strstr(m->text, entry), NOT_FOUND);
    for (const struct body *b = bodies; b->name; b++)
        if (!strcmp(b->name, name)) {
            *f = malloc(sizeof **f);
            **f = (function){b, (48 << 10) - b->shared, m->functions};
            m->functions = *f;
            return leave(OK);
        }
    return leave(NOT_FOUND);
}
CUresult cuFuncGetAttribute(int *value, int attribute, function *f) {
    BEGIN(1);
    switch (attribute) {
    case 0: *value = f->body->threads; break;
    case 1: *value = f->body->shared; break;
    case 3: *value = 0; break;
    case 4: *value = 16; break;
    case 8: *value = f->dynamic; break;
    default: return leave(INVALID_VALUE);
    }
    return leave(OK);
}
CUresult cuFuncSetAttribute(function *f, int attribute, int value) {
    BEGIN(1);
    REQUIRE(attribute == 8 && value + f->body->shared <= 232448, INVALID_VALUE);
    f->dynamic = value;
    return leave(OK);
}
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, function *f, int threads, size_t shared) {
    BEGIN(1);
    REQUIRE(threads > 0 && threads <= f->body->threads && (int)shared <= f->dynamic, INVALID_VALUE);
    *blocks = 2048 / threads;
    if (shared + f->body->shared && (size_t)*blocks > 233472 / (shared + f->body->shared)) *blocks = 233472 / (shared + f->body->shared);
    if (*blocks > 32) *blocks = 32;
    return leave(OK);
}
#ifndef WITHOUT_LAUNCH
CUresult cuLaunchKernel(function *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                        stream *s, void **params, void **extra) {
    BEGIN(1);
    STREAM_OF(s);
    REQUIRE(gx > 0 && gy == 1 && gz == 1 && bx > 0 && (int)bx <= f->body->threads && by == 1 && bz == 1 && (int)shared <= f->dynamic, INVALID_VALUE);
    REQUIRE(!params && extra && extra[0] == (void *)1 && extra[2] == (void *)2 && !extra[4], INVALID_VALUE);
    op o = {.what = RUN, .f = f, .l = {.grid = gx, .block = bx, .shared = shared, .size = *(size_t *)extra[3]}};
    REQUIRE(o.l.size == f->body->size, INVALID_VALUE);
    memcpy(o.l.p, extra[1], o.l.size);
    give(s, &o);
    return leave(OK);
}
#endif

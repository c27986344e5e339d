/* A stand-in for libedgetpu: a TFLite external delegate by the public C ABI, with its own minimal declarations of it. */
#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>
typedef int TfLiteStatus;                 /* 0 Ok 1 Error 2 DelegateError 3 ApplicationError ... */
typedef struct { int size; int data[]; } IntArray;
typedef struct { float scale; int32_t zp; } QP;
typedef struct { int type; void* params; } Quant;
typedef struct TfLiteDelegate TfLiteDelegate;
typedef struct {
  int type; void* data; IntArray* dims; QP params; int allocation_type; size_t bytes;
  const void* allocation; const char* name; TfLiteDelegate* delegate; int buffer_handle;
  bool data_is_stale, is_variable; Quant quantization; void* sparsity; const IntArray* dims_signature;
} Tensor;
typedef struct {
  IntArray *inputs,*outputs,*intermediates,*temporaries; void* user_data; void* builtin_data;
  const void* custom_initial_data; int custom_initial_data_size; TfLiteDelegate* delegate; bool se;
} Node;
typedef struct Context Context;
typedef struct {
  void* (*init)(Context*, const char*, size_t); void (*free)(Context*, void*);
  TfLiteStatus (*prepare)(Context*, Node*); TfLiteStatus (*invoke)(Context*, Node*);
  const char* (*profiling_string)(const Context*, const Node*);
  int32_t builtin_code; const char* custom_name; int version; void* ext; void* async_kernel; uint64_t inplace;
} Registration;
struct Context {
  size_t tensors_size; TfLiteStatus (*GetExecutionPlan)(Context*, IntArray**); Tensor* tensors; void* impl_;
  TfLiteStatus (*ResizeTensor)(Context*, Tensor*, IntArray*);
  void (*ReportError)(Context*, const char*, ...);
  TfLiteStatus (*AddTensors)(Context*, int, int*);
  TfLiteStatus (*GetNodeAndRegistration)(Context*, int, Node**, Registration**);
  TfLiteStatus (*ReplaceNodeSubsetsWithDelegateKernels)(Context*, Registration, const IntArray*, TfLiteDelegate*);
  /* rest unused */
};
struct TfLiteDelegate {
  void* data_; TfLiteStatus (*Prepare)(Context*, TfLiteDelegate*);
  TfLiteStatus (*CopyFrom)(Context*, TfLiteDelegate*, int, Tensor*);
  TfLiteStatus (*CopyTo)(Context*, TfLiteDelegate*, int, Tensor*);
  void (*FreeHandle)(Context*, TfLiteDelegate*, int*);
  int64_t flags; void* opaque_builder;
};

/* What the device does is told by a small file (option control=PATH), read at each opening and at each inference, so that
 * a test can break it and mend it while it runs. Lines: "open WHAT", "invoke WHAT" with WHAT one of null, error, hang,
 * crash, abort, lie; "slow MS" for each inference, "swap MS" for one of another model than the last; "after N" lets N
 * inferences of this process pass before "invoke" takes hold. Option log=PATH: one letter for each inference, by model.
 * Option answers=PATH: what a compiled model answers, as records of FNV-1a of its inputs (u64), length (u32), outputs.
 * Without an answer inputs are copied to outputs of the same sizes; others get something that depends on the inputs. */
typedef struct { char open[16], invoke[16]; int slow_ms, swap_ms, after; } Control;
typedef struct { const char *control, *log; unsigned char* answers; size_t answers_bytes; } Options;
typedef struct { Options* options; int id; } Kernel;
static int invoked, kernels, last = -1;
static Options* opening;

static Control read_control(const Options* o) {
  Control c; memset(&c, 0, sizeof c);
  FILE* f = o->control ? fopen(o->control, "r") : NULL;
  char key[16], word[16];
  while (f && fscanf(f, "%15s %15s", key, word) == 2) {
    if (!strcmp(key, "open")) strcpy(c.open, word);
    if (!strcmp(key, "invoke")) strcpy(c.invoke, word);
    if (!strcmp(key, "slow")) c.slow_ms = atoi(word);
    if (!strcmp(key, "swap")) c.swap_ms = atoi(word);
    if (!strcmp(key, "after")) c.after = atoi(word);
  }
  if (f) fclose(f);
  return c;
}
static void suffer(const char* what) {
  if (!strcmp(what, "hang")) for (;;) pause();
  if (!strcmp(what, "crash")) *(volatile int*)0 = 0;
  if (!strcmp(what, "abort")) abort();
}
static void* k_init(Context* c, const char* b, size_t l) {
  Kernel* k = calloc(1, sizeof *k); k->options = opening; k->id = kernels++; return k;
}
static void k_free(Context* c, void* p) { free(p); }
static TfLiteStatus k_prep(Context* c, Node* n) { return 0; }

static int answer(Context* c, Node* n, const Options* o) {
  uint64_t hash = 14695981039346656037u;
  for (int i = 0; i < n->inputs->size; i++) {
    int t = n->inputs->data[i]; if (t < 0) continue;
    Tensor* T = &c->tensors[t]; if (T->allocation_type == 1) continue; /* constants */
    for (size_t k = 0; k < T->bytes; k++) hash = (hash ^ ((unsigned char*)T->data)[k]) * 1099511628211u;
  }
  for (size_t at = 0; at + 12 <= o->answers_bytes;) {
    uint64_t h; uint32_t size; memcpy(&h, o->answers + at, 8); memcpy(&size, o->answers + at + 8, 4); at += 12;
    if (h == hash) {
      for (int i = 0; i < n->outputs->size; i++) {
        Tensor* T = &c->tensors[n->outputs->data[i]]; memcpy(T->data, o->answers + at, T->bytes); at += T->bytes;
      }
      return 1;
    }
    at += size;
  }
  return 0;
}
/* The copies that stand_in.py's compiled() asks for: the outputs are the inputs. */
static int copy(Context* c, Node* n) {
  if (n->inputs->size != n->outputs->size) return 0;
  for (int i = 0; i < n->inputs->size; i++)
    if (c->tensors[n->inputs->data[i]].bytes != c->tensors[n->outputs->data[i]].bytes) return 0;
  for (int i = 0; i < n->inputs->size; i++) {
    Tensor* from = &c->tensors[n->inputs->data[i]];
    memcpy(c->tensors[n->outputs->data[i]].data, from->data, from->bytes);
  }
  return 1;
}
static void make_up(Context* c, Node* n) {
  unsigned sum = 0;
  for (int i = 0; i < n->inputs->size; i++) {
    int t = n->inputs->data[i]; if (t < 0) continue;
    Tensor* T = &c->tensors[t]; if (T->allocation_type == 1 || !T->data) continue;
    for (size_t k = 0; k < T->bytes; k++) sum = sum * 31 + ((unsigned char*)T->data)[k];
  }
  for (int i = 0; i < n->outputs->size; i++) {
    Tensor* T = &c->tensors[n->outputs->data[i]];
    memset(T->data, 0, T->bytes); if (T->bytes) ((unsigned char*)T->data)[sum % T->bytes] = 255;
  }
}
static TfLiteStatus k_invoke(Context* c, Node* n) {
  Kernel* k = n->user_data; Options* o = k->options; Control now = read_control(o);
  if (o->log) { int f = open(o->log, O_WRONLY | O_CREAT | O_APPEND, 0600); char id = 'A' + k->id % 26; if (write(f, &id, 1)) {} close(f); }
  if (now.slow_ms) usleep(now.slow_ms * 1000);
  if (now.swap_ms && last != k->id) usleep(now.swap_ms * 1000);
  last = k->id;
  int bad = now.invoke[0] && invoked++ >= now.after;
  if (bad) suffer(now.invoke);
  if (bad && !strcmp(now.invoke, "error")) { c->ReportError(c, "USB transfer error 2 [LibUsbDataOutCallback]"); return 1; }
  if (!answer(c, n, o) && !copy(c, n)) make_up(c, n);
  if (bad && !strcmp(now.invoke, "lie")) {
    Tensor* T = &c->tensors[n->outputs->data[0]]; for (size_t i = 0; i < T->bytes; i++) ((unsigned char*)T->data)[i] ^= 0x55;
  }
  return 0;
}
static TfLiteStatus d_prepare(Context* c, TfLiteDelegate* d) {
  opening = d->data_;
  IntArray* plan; if (c->GetExecutionPlan(c, &plan)) return 1;
  IntArray* ours = malloc(sizeof(int) * (plan->size + 1)); ours->size = 0;
  IntArray* all = malloc(sizeof(int) * (plan->size + 1)); memcpy(all, plan, sizeof(int) * (plan->size + 1));
  for (int i = 0; i < all->size; i++) {
    Node* n; Registration* r; if (c->GetNodeAndRegistration(c, all->data[i], &n, &r)) return 1;
    if (r->custom_name && !strcmp(r->custom_name, "edgetpu-custom-op")) ours->data[ours->size++] = all->data[i];
  }
  Registration reg; memset(&reg, 0, sizeof reg); reg.init = k_init; reg.free = k_free; reg.prepare = k_prep; reg.invoke = k_invoke;
  reg.builtin_code = 51 /* kTfLiteBuiltinDelegate */; reg.custom_name = "StandInEdgeTpu"; reg.version = 1;
  TfLiteStatus s = ours->size ? c->ReplaceNodeSubsetsWithDelegateKernels(c, reg, ours, d) : 0;
  free(ours); free(all); return s;
}
static void read_answers(Options* o, const char* path) {
  FILE* f = fopen(path, "rb"); if (!f) return;
  fseek(f, 0, SEEK_END); o->answers_bytes = ftell(f); rewind(f);
  o->answers = malloc(o->answers_bytes); if (fread(o->answers, 1, o->answers_bytes, f) != o->answers_bytes) o->answers_bytes = 0;
  fclose(f);
}
__attribute__((visibility("default")))
TfLiteDelegate* tflite_plugin_create_delegate(char** k, char** v, size_t n, void (*err)(const char*)) {
  Options* o = calloc(1, sizeof *o);
  for (size_t i = 0; i < n; i++) {
    if (!strcmp(k[i], "control")) o->control = strdup(v[i]);
    if (!strcmp(k[i], "log")) o->log = strdup(v[i]);
    if (!strcmp(k[i], "answers")) read_answers(o, v[i]);
  }
  Control now = read_control(o);
  suffer(now.open);
  if (!strcmp(now.open, "null")) return NULL; /* real libedgetpu: no device => NULL, no text */
  if (!strcmp(now.open, "error")) { if (err) err("device is in use"); return NULL; }
  TfLiteDelegate* d = calloc(1, sizeof *d); d->data_ = o; d->Prepare = d_prepare; d->flags = 1; return d;
}
__attribute__((visibility("default")))
void tflite_plugin_destroy_delegate(TfLiteDelegate* d) { free(d); }
__attribute__((visibility("default")))
const char* edgetpu_version(void) { return "StandIn"; }

;; The inner loops of chunking. Build with `node shaman/src/delta/wasm/build.ts`.
;;
;; Memory: GEAR (256 x u64) at 0, GEAR shifted left by one at 2048, then the caller's window.
;; The caller fills both tables, so that the module itself does not depend on a seed.
(module
  (memory (export "memory") 1)
  (global $fingerprint (export "fingerprint") (mut i64) (i64.const 0))

  ;; FastCDC 2020: length of the chunk that starts at $p, at most $len bytes.
  ;; Rolls two bytes an iteration; the first of a pair is judged by masks shifted left by one.
  ;; A cut lies before the byte that made the fingerprint match.
  (func (export "cut")
    (param $p i32) (param $len i32) (param $min i32) (param $avg i32) (param $max i32)
    (param $mask_small i64) (param $mask_large i64)
    (result i32)
    (local $i i32) (local $centre i32) (local $end i32) (local $h i64) (local $mask2 i64)
    (global.set $fingerprint (i64.const 0))
    (if (i32.le_u (local.get $len) (local.get $min)) (then (return (local.get $len))))
    (if (i32.gt_u (local.get $len) (local.get $max)) (then (local.set $len (local.get $max))))
    (local.set $centre
      (select (local.get $len) (local.get $avg) (i32.lt_u (local.get $len) (local.get $avg))))
    (local.set $i (i32.add (local.get $p) (i32.and (local.get $min) (i32.const -2))))

    ;; Up to the average size: the mask with more bits, so cuts are rarer.
    (local.set $end (i32.add (local.get $p) (i32.and (local.get $centre) (i32.const -2))))
    (local.set $mask2 (i64.shl (local.get $mask_small) (i64.const 1)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (local.set $h (i64.add (i64.shl (local.get $h) (i64.const 2))
        (i64.load offset=2048 (i32.shl (i32.load8_u (local.get $i)) (i32.const 3)))))
      (if (i64.eqz (i64.and (local.get $h) (local.get $mask2))) (then
        (global.set $fingerprint (local.get $h))
        (return (i32.sub (local.get $i) (local.get $p)))))
      (local.set $h (i64.add (local.get $h)
        (i64.load (i32.shl (i32.load8_u offset=1 (local.get $i)) (i32.const 3)))))
      (if (i64.eqz (i64.and (local.get $h) (local.get $mask_small))) (then
        (global.set $fingerprint (local.get $h))
        (return (i32.add (i32.sub (local.get $i) (local.get $p)) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br $next)))

    ;; From there to the maximum: the mask with fewer bits, so cuts are likelier.
    (local.set $end (i32.add (local.get $p) (i32.and (local.get $len) (i32.const -2))))
    (local.set $mask2 (i64.shl (local.get $mask_large) (i64.const 1)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (local.set $h (i64.add (i64.shl (local.get $h) (i64.const 2))
        (i64.load offset=2048 (i32.shl (i32.load8_u (local.get $i)) (i32.const 3)))))
      (if (i64.eqz (i64.and (local.get $h) (local.get $mask2))) (then
        (global.set $fingerprint (local.get $h))
        (return (i32.sub (local.get $i) (local.get $p)))))
      (local.set $h (i64.add (local.get $h)
        (i64.load (i32.shl (i32.load8_u offset=1 (local.get $i)) (i32.const 3)))))
      (if (i64.eqz (i64.and (local.get $h) (local.get $mask_large))) (then
        (global.set $fingerprint (local.get $h))
        (return (i32.add (i32.sub (local.get $i) (local.get $p)) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br $next)))
    (global.set $fingerprint (local.get $h))
    (local.get $len))

  ;; 1 when all $len bytes at $p are zero. Leaves at the first eight that are not.
  (func (export "isZero") (param $p i32) (param $len i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $p) (local.get $len)))
    (block $done (loop $next
      (br_if $done (i32.gt_u (i32.add (local.get $p) (i32.const 8)) (local.get $end)))
      (if (i64.ne (i64.load align=1 (local.get $p)) (i64.const 0)) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (br $next)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (if (i32.load8_u (local.get $p)) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $next)))
    (i32.const 1))

  ;; XXH64 with seed 0. P1..P5 are the primes of its specification.
  (func $round (param $acc i64) (param $input i64) (result i64)
    (i64.mul
      (i64.rotl
        (i64.add (local.get $acc) (i64.mul (local.get $input) (i64.const 0xC2B2AE3D27D4EB4F)))
        (i64.const 31))
      (i64.const 0x9E3779B185EBCA87)))

  (func $merge (param $h i64) (param $lane i64) (result i64)
    (i64.add
      (i64.mul
        (i64.xor (local.get $h) (call $round (i64.const 0) (local.get $lane)))
        (i64.const 0x9E3779B185EBCA87))
      (i64.const 0x85EBCA77C2B2AE63)))

  (func (export "xxh64") (param $p i32) (param $len i32) (result i64)
    (local $end i32) (local $h i64)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (local.set $end (i32.add (local.get $p) (local.get $len)))
    (local.set $h (i64.const 0x27D4EB2F165667C5))
    (if (i32.ge_u (local.get $len) (i32.const 32)) (then
      (local.set $a (i64.add (i64.const 0x9E3779B185EBCA87) (i64.const 0xC2B2AE3D27D4EB4F)))
      (local.set $b (i64.const 0xC2B2AE3D27D4EB4F))
      (local.set $d (i64.sub (i64.const 0) (i64.const 0x9E3779B185EBCA87)))
      (block $done (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $p) (i32.const 32)) (local.get $end)))
        (local.set $a (call $round (local.get $a) (i64.load align=1 (local.get $p))))
        (local.set $b (call $round (local.get $b) (i64.load offset=8 align=1 (local.get $p))))
        (local.set $c (call $round (local.get $c) (i64.load offset=16 align=1 (local.get $p))))
        (local.set $d (call $round (local.get $d) (i64.load offset=24 align=1 (local.get $p))))
        (local.set $p (i32.add (local.get $p) (i32.const 32)))
        (br $next)))
      (local.set $h (i64.add
        (i64.add (i64.rotl (local.get $a) (i64.const 1)) (i64.rotl (local.get $b) (i64.const 7)))
        (i64.add (i64.rotl (local.get $c) (i64.const 12)) (i64.rotl (local.get $d) (i64.const 18)))))
      (local.set $h (call $merge (local.get $h) (local.get $a)))
      (local.set $h (call $merge (local.get $h) (local.get $b)))
      (local.set $h (call $merge (local.get $h) (local.get $c)))
      (local.set $h (call $merge (local.get $h) (local.get $d)))))
    (local.set $h (i64.add (local.get $h) (i64.extend_i32_u (local.get $len))))
    (block $done (loop $next
      (br_if $done (i32.gt_u (i32.add (local.get $p) (i32.const 8)) (local.get $end)))
      (local.set $h (i64.add
        (i64.mul
          (i64.rotl
            (i64.xor (local.get $h) (call $round (i64.const 0) (i64.load align=1 (local.get $p))))
            (i64.const 27))
          (i64.const 0x9E3779B185EBCA87))
        (i64.const 0x85EBCA77C2B2AE63)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (br $next)))
    (if (i32.le_u (i32.add (local.get $p) (i32.const 4)) (local.get $end)) (then
      (local.set $h (i64.add
        (i64.mul
          (i64.rotl
            (i64.xor (local.get $h)
              (i64.mul (i64.load32_u align=1 (local.get $p)) (i64.const 0x9E3779B185EBCA87)))
            (i64.const 23))
          (i64.const 0xC2B2AE3D27D4EB4F))
        (i64.const 0x165667B19E3779F9)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $h
        (i64.mul
          (i64.rotl
            (i64.xor (local.get $h)
              (i64.mul (i64.load8_u (local.get $p)) (i64.const 0x27D4EB2F165667C5)))
            (i64.const 11))
          (i64.const 0x9E3779B185EBCA87)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $next)))
    (local.set $h (i64.mul
      (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 33)))
      (i64.const 0xC2B2AE3D27D4EB4F)))
    (local.set $h (i64.mul
      (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 29)))
      (i64.const 0x165667B19E3779F9)))
    (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 32)))))

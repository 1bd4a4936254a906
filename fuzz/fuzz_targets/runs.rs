#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chokepoint_fuzz::targets::runs(input));

//! The command line as documented in `tests/cmd`: each file is a transcript that must come out the same.

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .env("COUPON_BENCH_DB", "")
        .env("COUPON_BENCH_REDIS", "")
        .env("COUPON_BENCH_KAFKA", "")
        .env("GITHUB_STEP_SUMMARY", "")
        .case("tests/cmd/*.trycmd");
}

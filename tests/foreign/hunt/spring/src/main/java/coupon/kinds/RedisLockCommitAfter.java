package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Limit;
import coupon.Tables;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** A lock in Redis inside a transactional method: it is released before COMMIT. */
@Service("redis-lock-commit-after")
public class RedisLockCommitAfter implements CouponService {
    /** Deletes a lock only if it is still ours. */
    private static final RedisScript<Long> RELEASE = RedisScript.of(
            "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0", Long.class);

    private final CouponRepository coupons;
    private final StringRedisTemplate redis;
    private final Limit limit;

    RedisLockCommitAfter(CouponRepository coupons, StringRedisTemplate redis, Limit limit) {
        this.coupons = coupons;
        this.redis = redis;
        this.limit = limit;
    }

    @Override
    @Transactional
    public int claim(long userId) {
        String key = Tables.key("lock");
        String token = UUID.randomUUID().toString();
        lock(key, token);
        try {
            if (coupons.count() >= limit.get()) {
                return SOLD_OUT;
            }
            coupons.save(new Coupon(userId));
            return ISSUED;
        } finally {
            redis.execute(RELEASE, List.of(key), token);
        }
    }

    private void lock(String key, String token) {
        try {
            while (!redis.opsForValue().setIfAbsent(key, token, Duration.ofSeconds(10))) {
                Thread.sleep(10);
            }
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}

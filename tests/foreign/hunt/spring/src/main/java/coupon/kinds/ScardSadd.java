package coupon.kinds;

import coupon.CouponService;
import coupon.Limit;
import coupon.Tables;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.stereotype.Service;

/** Asks for the size of the set, then adds: the two commands are not one step. */
@Service("scard-sadd")
public class ScardSadd implements CouponService {
    private final StringRedisTemplate redis;
    private final Limit limit;

    ScardSadd(StringRedisTemplate redis, Limit limit) {
        this.redis = redis;
        this.limit = limit;
    }

    @Override
    public int claim(long userId) {
        String key = Tables.key("users");
        if (redis.opsForSet().size(key) >= limit.get()) {
            return SOLD_OUT;
        }
        return redis.opsForSet().add(key, String.valueOf(userId)) == 0 ? DUPLICATE : ISSUED;
    }
}

package coupon.kinds;

import coupon.CouponService;
import coupon.Limit;
import coupon.Tables;
import java.util.List;
import java.util.Map;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.stereotype.Service;

/** One script decides and writes; Redis runs it as one step. */
@Service("lua")
public class Lua implements CouponService {
    private static final RedisScript<String> CLAIM = RedisScript.of(
            """
            if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'duplicate' end
            if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'sold out' end
            redis.call('SADD', KEYS[1], ARGV[1])
            return 'issued'
            """,
            String.class);

    private static final Map<String, Integer> STATUS = Map.of("issued", ISSUED, "duplicate", DUPLICATE, "sold out", SOLD_OUT);

    private final StringRedisTemplate redis;
    private final Limit limit;

    Lua(StringRedisTemplate redis, Limit limit) {
        this.redis = redis;
        this.limit = limit;
    }

    @Override
    public int claim(long userId) {
        String said = redis.execute(CLAIM, List.of(Tables.key("users")), String.valueOf(userId), String.valueOf(limit.get()));
        return STATUS.get(said);
    }
}

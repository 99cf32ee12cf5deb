package coupon;

import java.util.List;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Creates the tables that do not exist before the service accepts connections, and empties them. */
@Component
public class Setup implements InitializingBean {
    private static final String EVENT = Tables.PREFIX + "_event";
    private static final String COUPON = Tables.PREFIX + "_coupon";

    private final JdbcTemplate jdbc;
    private final StringRedisTemplate redis;
    private final Limit limit;

    Setup(JdbcTemplate jdbc, StringRedisTemplate redis, Limit limit) {
        this.jdbc = jdbc;
        this.redis = redis;
        this.limit = limit;
    }

    @Override
    public void afterPropertiesSet() {
        boolean postgres = System.getenv("DATABASE_URL").startsWith("postgres");
        String serial = postgres ? "bigserial PRIMARY KEY" : "bigint AUTO_INCREMENT PRIMARY KEY";
        String unique = Tables.hasUniqueKey() ? "UNIQUE" : "";
        jdbc.execute("CREATE TABLE IF NOT EXISTS " + EVENT + " (id int PRIMARY KEY, issued int NOT NULL, limit_n int NOT NULL)");
        jdbc.execute("CREATE TABLE IF NOT EXISTS " + COUPON + " (id " + serial + ", user_id bigint NOT NULL " + unique + ")");
        reset(0);
    }

    @Transactional
    public void reset(int coupons) {
        redis.delete(List.of(Tables.key("users"), Tables.key("issued"), Tables.key("lock")));
        jdbc.update("DELETE FROM " + COUPON);
        jdbc.update("DELETE FROM " + EVENT);
        jdbc.update("INSERT INTO " + EVENT + " VALUES (1, 0, ?)", coupons);
        limit.set(coupons);
    }
}

package coupon;

import java.net.URI;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;

/**
 * A coupon service with Spring Boot, for {@code coupon-bench hunt}: JPA and Hikari on PostgreSQL or MySQL, Lettuce. The paths and the
 * answers are those of service.py in the folder above, and so is the environment, with one variable more: KIND names the kind that
 * the process serves, because JPA has one table for an entity.
 *
 * <pre>KIND=count-insert PORT=8080 DATABASE_URL=postgres://… REDIS_URL=redis://… TABLE_PREFIX=shop java -jar service.jar</pre>
 */
@SpringBootApplication
public class Application {
    public static void main(String[] arguments) {
        setDataSource(URI.create(System.getenv("DATABASE_URL")));
        // One connection for all requests.
        if (Tables.KIND.equals("pool-of-one")) {
            System.setProperty("spring.datasource.hikari.maximum-pool-size", "1");
        }
        var context = (ServletWebServerApplicationContext) SpringApplication.run(Application.class, arguments);
        System.out.println(context.getWebServer().getPort());
    }

    /** Spring takes a JDBC URL. */
    private static void setDataSource(URI address) {
        String driver = address.getScheme().startsWith("postgres") ? "postgresql" : "mysql";
        String[] account = address.getUserInfo().split(":", 2);
        System.setProperty("spring.datasource.url", "jdbc:" + driver + "://" + address.getAuthority().split("@")[1] + address.getPath());
        System.setProperty("spring.datasource.username", account[0]);
        System.setProperty("spring.datasource.password", account[1]);
    }
}

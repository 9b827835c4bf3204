import theme from "vitepress/theme";
import "./wide-code.css";

export default theme;

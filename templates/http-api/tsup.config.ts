import { bundleServer } from "@offshoot/core/bundle";

export default bundleServer();

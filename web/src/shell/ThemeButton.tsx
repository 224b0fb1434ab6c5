/** Goes through the themes: the system's, light, dark. */
import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import styles from "./Shell.module.css";
import { applyTheme, chosenTheme, nextTheme } from "./theme";

const SHOWN = {
  system: ["System theme", Monitor],
  light: ["Light theme", Sun],
  dark: ["Dark theme", Moon],
} as const;

export function ThemeButton() {
  const [theme, setTheme] = useState(chosenTheme);
  const [label, Icon] = SHOWN[theme];
  const change = (): void => {
    const next = nextTheme(theme);
    applyTheme(next);
    setTheme(next);
  };
  return (
    <Button
      variant="ghost"
      size="small"
      className={styles.square}
      icon={<Icon />}
      onClick={change}
      aria-label={`${label}; change`}
      title={label}
    />
  );
}

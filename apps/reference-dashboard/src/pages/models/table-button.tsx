import { Icon } from "../../ui/icon.tsx";

/** Shows the numbers of a picture in its place. */
export function TableButton({
  isPressed,
  onPress,
}: {
  readonly isPressed: boolean;
  readonly onPress: (isPressed: boolean) => void;
}) {
  return (
    <button
      type="button"
      className="button button-small"
      aria-pressed={isPressed}
      onClick={() => onPress(!isPressed)}
    >
      <Icon name="table" /> Table
    </button>
  );
}

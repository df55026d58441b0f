import { createContext, useContext } from "react";

/** Called by whoever is told by the API that nobody is signed in any more. */
export const ExpiryContext = createContext<() => void>(() => {});

export function useExpiry(): () => void {
  return useContext(ExpiryContext);
}

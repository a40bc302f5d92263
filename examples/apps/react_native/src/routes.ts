import type { NativeStackScreenProps } from '@react-navigation/native-stack';

export type RootParams = {
  SignIn: undefined;
  Home: undefined;
  Book: { id: string };
  NewBook: { shelf?: string } | undefined;
  Languages: undefined;
};

export type TabParams = {
  Books: undefined;
  Settings: undefined;
};

export type ScreenProps<Name extends keyof RootParams> = NativeStackScreenProps<RootParams, Name>;

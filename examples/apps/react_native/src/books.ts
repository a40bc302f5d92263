export type Shelf = 'later' | 'now' | 'done';

export type Book = {
  id: string;
  title: string;
  author: string;
  pages: number;
  shelf: Shelf;
};

let shelved: Book[] = [
  { id: 'sea', title: 'The Grey Sea', author: 'M. Orlova', pages: 312, shelf: 'now' },
  { id: 'rope', title: 'Knots and Rope', author: 'J. Tarn', pages: 96, shelf: 'later' },
  { id: 'salt', title: 'Salt Roads', author: 'A. Deniz', pages: 440, shelf: 'done' },
];

export function loadBooks(query: string): Book[] {
  const wanted = query.trim().toLowerCase();
  return shelved.filter(book => book.title.toLowerCase().includes(wanted));
}

export function findBook(id: string): Book | undefined {
  return shelved.find(book => book.id === id);
}

export function addBook(book: Book): void {
  shelved = [...shelved, book];
}

export function removeBook(id: string): void {
  shelved = shelved.filter(book => book.id !== id);
}

package org.example.bookshelf

import androidx.compose.runtime.Composable
import androidx.compose.runtime.remember
import androidx.navigation.NavHostController
import androidx.navigation.NavType
import androidx.navigation.compose.NavHost
import androidx.navigation.compose.composable
import androidx.navigation.compose.rememberNavController
import androidx.navigation.navArgument
import org.example.bookshelf.screens.AddBookScreen
import org.example.bookshelf.screens.BookScreen
import org.example.bookshelf.screens.LoginScreen
import org.example.bookshelf.screens.SettingsScreen
import org.example.bookshelf.screens.ShelfScreen

object Routes {
    const val LOGIN = "login"
    const val SHELF = "shelf"
    const val ADD = "add"
    const val SETTINGS = "settings"
    const val BOOK_ID = "bookId"
    const val BOOK = "book/{$BOOK_ID}"
}

class BookshelfActions(private val navController: NavHostController) {

    fun openShelf() {
        navController.navigate(Routes.SHELF) {
            popUpTo(Routes.LOGIN) { inclusive = true }
        }
    }

    fun openBook(id: Int) = navController.navigate("book/$id")

    fun signOut() {
        navController.navigate(Routes.LOGIN) {
            popUpTo(Routes.SHELF) { inclusive = true }
        }
    }
}

@Composable
fun BookshelfNavHost(
    navController: NavHostController = rememberNavController(),
    actions: BookshelfActions = remember(navController) { BookshelfActions(navController) },
) {
    NavHost(navController, startDestination = Routes.LOGIN) {
        composable(Routes.LOGIN) {
            LoginScreen(onSignedIn = actions::openShelf)
        }
        composable(Routes.SHELF) {
            ShelfScreen(
                onBookClick = { book -> actions.openBook(book.id) },
                onAddClick = { navController.navigate(Routes.ADD) },
                onSettingsClick = { navController.navigate(Routes.SETTINGS) },
            )
        }
        composable(
            route = Routes.BOOK,
            arguments = listOf(navArgument(Routes.BOOK_ID) { type = NavType.IntType }),
        ) { entry ->
            BookScreen(
                id = entry.arguments?.getInt(Routes.BOOK_ID) ?: 0,
                onBack = { navController.popBackStack() },
            )
        }
        composable(Routes.ADD) {
            AddBookScreen(onBack = navController::navigateUp)
        }
        composable(Routes.SETTINGS) {
            SettingsScreen(onBack = navController::navigateUp, onSignOut = { actions.signOut() })
        }
    }
}

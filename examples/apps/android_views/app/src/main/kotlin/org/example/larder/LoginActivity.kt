package org.example.larder

import android.content.Intent
import android.os.Bundle
import android.view.View
import androidx.appcompat.app.AppCompatActivity
import com.google.android.material.dialog.MaterialAlertDialogBuilder
import org.example.larder.databinding.ActivityLoginBinding

class LoginActivity : AppCompatActivity() {
    private lateinit var binding: ActivityLoginBinding

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        binding = ActivityLoginBinding.inflate(layoutInflater)
        setContentView(binding.root)

        binding.signIn.setOnClickListener {
            Account.email = binding.email.text.toString()
            startActivity(Intent(this, MainActivity::class.java))
        }
    }

    // Named by the layout.
    fun askForReset(view: View) {
        MaterialAlertDialogBuilder(this)
            .setTitle(R.string.reset_title)
            .setPositiveButton(R.string.send) { _, _ -> Account.sendLink(binding.email.text.toString()) }
            .setNegativeButton(android.R.string.cancel, null)
            .show()
    }
}

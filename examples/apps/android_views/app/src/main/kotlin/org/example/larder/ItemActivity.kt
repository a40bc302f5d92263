package org.example.larder

import android.os.Bundle
import android.view.View
import androidx.appcompat.app.AppCompatActivity
import org.example.larder.databinding.ActivityItemBinding

class ItemActivity : AppCompatActivity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val binding = ActivityItemBinding.inflate(layoutInflater)
        setContentView(binding.root)

        val known = Larder.item(intent.getLongExtra("item", 0))
        if (known != null) {
            binding.delete.visibility = View.VISIBLE
            binding.delete.setOnClickListener {
                Larder.delete(known)
                finish()
            }
        }
        binding.save.setOnClickListener {
            Larder.save(binding.name.text.toString(), binding.amount.text.toString(), binding.organic.isChecked)
            finish()
        }
    }
}

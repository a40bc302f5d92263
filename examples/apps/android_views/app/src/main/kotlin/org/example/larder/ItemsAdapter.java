package org.example.larder;

import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.CheckBox;
import androidx.annotation.NonNull;
import androidx.recyclerview.widget.RecyclerView;
import java.util.List;

/** Written before the rest of the app moved to Kotlin. */
public class ItemsAdapter extends RecyclerView.Adapter<ItemsAdapter.ItemHolder> {
    private final List<Item> items;

    public ItemsAdapter(List<Item> items) {
        this.items = items;
    }

    @NonNull
    @Override
    public ItemHolder onCreateViewHolder(@NonNull ViewGroup parent, int viewType) {
        return new ItemHolder(LayoutInflater.from(parent.getContext()).inflate(R.layout.row_item, parent, false));
    }

    @Override
    public void onBindViewHolder(@NonNull ItemHolder holder, int position) {
        Item item = items.get(position);
        holder.done.setText(item.getName());
        holder.done.setOnClickListener(view -> item.setDone(holder.done.isChecked()));
    }

    @Override
    public int getItemCount() {
        return items.size();
    }

    static class ItemHolder extends RecyclerView.ViewHolder {
        final CheckBox done;

        ItemHolder(View row) {
            super(row);
            done = row.findViewById(R.id.item_done);
        }
    }
}

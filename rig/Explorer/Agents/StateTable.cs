using System.Runtime.InteropServices;

namespace Lab.Explorer.Agents;

/// <summary>What is known of each state that was met, by its hash: an open table, since the keys are as random as a hash of them
/// would be.</summary>
internal sealed class StateTable
{
    /// <summary>At most: while it grows.</summary>
    public const int BytesPerState = 48;
    private const int CapacityAtFirst = 1 << 12;
    private Entry[] _entries = new Entry[CapacityAtFirst];

    public int Count { get; private set; }

    /// <summary>What is known of the state; zero, and to be filled in, of a new one. Good until the next call.</summary>
    public ref uint Find(ulong state, out bool isNew)
    {
        // Zero stands for an empty place.
        if (state == 0) state = 1;
        ref Entry entry = ref PlaceOf(state);
        isNew = entry.State == 0;
        if (!isNew) return ref entry.Value;
        // At most three quarters full: then a state that is not there is found out after eight and a half looks, of which most
        // are at one line of the cache.
        if (4L * ++Count > 3L * _entries.Length)
        {
            Grow();
            entry = ref PlaceOf(state);
        }
        entry.State = state;
        return ref entry.Value;
    }

    public List<ulong> States() => [.. _entries.Select(entry => entry.State).Where(state => state != 0)];

    private ref Entry PlaceOf(ulong state)
    {
        Entry[] entries = _entries;
        int mask = entries.Length - 1, at = (int)state & mask;
        while (entries[at].State != 0 && entries[at].State != state) at = (at + 1) & mask;
        return ref entries[at];
    }

    private void Grow()
    {
        Entry[] entries = _entries;
        _entries = new Entry[2 * entries.Length];
        foreach (ref readonly Entry entry in entries.AsSpan()) if (entry.State != 0) PlaceOf(entry.State) = entry;
    }

    /// <summary>Without a gap between one and the next: what bounds a search is memory.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = sizeof(uint))]
    private struct Entry
    {
        public ulong State;
        public uint Value;
    }
}

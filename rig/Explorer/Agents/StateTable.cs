namespace Lab.Explorer.Agents;

/// <summary>What is known of each state that was met, by its hash: an open table, since the keys are as random as a hash of them
/// would be.</summary>
internal sealed class StateTable
{
    private const int CapacityAtFirst = 1 << 12;
    private ulong[] _states = new ulong[CapacityAtFirst];
    private uint[] _values = new uint[CapacityAtFirst];

    public int Count { get; private set; }

    /// <summary>What is known of the state; zero, and to be filled in, of a new one. Good until the next call.</summary>
    public ref uint Find(ulong state, out bool isNew)
    {
        // Zero stands for an empty place.
        if (state == 0) state = 1;
        int mask = _states.Length - 1, at = (int)state & mask;
        while (_states[at] != 0 && _states[at] != state) at = (at + 1) & mask;
        isNew = _states[at] == 0;
        if (!isNew) return ref _values[at];
        if (2 * ++Count > _states.Length)
        {
            Grow();
            Count--;
            return ref Find(state, out isNew);
        }
        _states[at] = state;
        return ref _values[at];
    }

    public List<ulong> States() => [.. _states.Where(state => state != 0)];

    private void Grow()
    {
        (ulong[] states, uint[] values) = (_states, _values);
        _states = new ulong[2 * states.Length];
        _values = new uint[2 * values.Length];
        int mask = _states.Length - 1;
        for (int from = 0; from < states.Length; from++)
        {
            if (states[from] == 0) continue;
            int at = (int)states[from] & mask;
            while (_states[at] != 0) at = (at + 1) & mask;
            (_states[at], _values[at]) = (states[from], values[from]);
        }
    }
}

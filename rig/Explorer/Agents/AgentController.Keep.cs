namespace Lab.Explorer.Agents;

/// <summary>States of an execution whose steps are recalled, to come back to.</summary>
internal sealed unsafe partial class AgentController
{
    // SAFETY: what is put back are words under control, and memory that was written to in this execution.
    /// <summary>Keeps all that tells the present state from others but memory, which is put back by what is written
    /// since.</summary>
    public void Save(RecalledState state)
    {
        for (int index = 0; index < _count; index++) state.Agents[index] = _agents[index].Keep();
        state.Locks.Clear();
        if (state.Lines.Count != 0) state.Lines.Clear();
        for (int number = 0; number < _lockNumbers.Count; number++)
        {
            LockState one = _locks[number];
            state.Locks.Add(new RecalledState.LockFields(one.Owner, one.Holders, one.Waiters, one.DowngradedBy, one.Releases,
                one.ExclusiveHash, one.SharedHash, one.Line.Count));
            if (one.Line.Count != 0) state.Lines.AddRange(one.Line);
        }
        Copy(_callbacks, state.Callbacks);
        state.Queues.Clear();
        if (state.Items.Count != 0) state.Items.Clear();
        foreach (QueueState queue in _queues)
        {
            state.Queues.Add(new RecalledState.QueueFields(queue.Running, queue.Last, queue.Items.Count));
            if (queue.Items.Count != 0) state.Items.AddRange(queue.Items);
        }
        Watch!.Save(state.Books);
        (state.Undo, state.MemoryHash, state.Steps, state.Picks) = (_undo!.Count, _memoryHash, Steps, Picks.Count);
    }

    /// <summary>Goes back to a state that was kept in this execution; those that were kept after it are void.</summary>
    public void Load(RecalledState state)
    {
        // First, while the numbers of roots made since are still there.
        Watch!.Load(state.Books);
        for (int undo = _undo!.Count - 1; undo >= state.Undo; undo--) *(ulong*)_undo[undo].Word = _undo[undo].Before;
        _undo.RemoveRange(state.Undo, _undo.Count - state.Undo);
        for (int index = 0; index < _count; index++) _agents[index].PutBack(state.Agents[index]);
        int line = 0;
        for (int number = 0; number < _lockNumbers.Count; number++)
        {
            LockState one = _locks[number];
            if (number >= state.Locks.Count)
            {
                one.Reset();
                continue;
            }
            RecalledState.LockFields fields = state.Locks[number];
            (one.Owner, one.Holders, one.Waiters, one.DowngradedBy) =
                (fields.Owner, fields.Holders, fields.Waiters, fields.DowngradedBy);
            (one.Releases, one.ExclusiveHash, one.SharedHash) = (fields.Releases, fields.ExclusiveHash, fields.SharedHash);
            if (one.Line.Count != 0) one.Line.Clear();
            for (int at = 0; at < fields.Line; at++) one.Line.Add(state.Lines[line++]);
        }
        Copy(state.Callbacks, _callbacks);
        int item = 0;
        for (int number = 0; number < _queues.Count; number++)
        {
            QueueState queue = _queues[number];
            RecalledState.QueueFields fields = number < state.Queues.Count ? state.Queues[number] : default;
            (queue.Running, queue.Last) = (fields.Running, fields.Last);
            if (queue.Items.Count != 0) queue.Items.Clear();
            for (int at = 0; at < fields.Items; at++) queue.Items.Add(state.Items[item++]);
        }
        (_memoryHash, Steps) = (state.MemoryHash, state.Steps);
        Picks.RemoveRange(state.Picks, Picks.Count - state.Picks);
        _footprint = default;
        Finding = null;
    }
    private static void Copy<T>(List<T> from, List<T> to)
    {
        if (to.Count != 0) to.Clear();
        if (from.Count != 0) to.AddRange(from);
    }
}

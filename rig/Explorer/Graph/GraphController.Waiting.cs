using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Graph;

/// <summary>Turns of loops, locks and grace periods: where a thread may have to wait.</summary>
internal sealed partial class GraphController
{
    public override void EnterExclusive(object theLock) => EnterLock(theLock, ReadPurpose.EnterExclusive, 0);

    public override void EnterShared(object theLock) => EnterLock(theLock, ReadPurpose.EnterShared, 0);

    public override void ExitExclusive(object theLock)
    {
        if (Leave()) Write(locations.OfLock(theLock), 0, isLocked: true);
    }

    public override void ExitShared(object theLock)
    {
        if (Leave()) Read(locations.OfLock(theLock), ReadPurpose.Add, unchecked(0UL - 2), 0);
    }

    public override void EnterRcu(Rcu rcu)
    {
        int depth = _depths.GetValueOrDefault(rcu);
        _depths[rcu] = depth + 1;
        if (_loop.IsOnTrial) HoldOnTrial(+1);
        else if (depth == 0) Write(locations.OfReader(rcu, Current), 1, isLocked: true);
    }

    public override void ExitRcu(Rcu rcu)
    {
        int depth = _depths.GetValueOrDefault(rcu);
        if (depth == 0) throw new InvalidOperationException("A read-side section ends that was not entered.");
        _depths[rcu] = depth - 1;
        if (Leave() && depth == 1) Write(locations.OfReader(rcu, Current), 0, isLocked: false);
    }

    public override void Synchronize(Rcu rcu)
    {
        Fence();
        for (int thread = 0; thread < _threads; thread++)
        {
            if (thread != Current) Read(locations.OfReader(rcu, thread), ReadPurpose.AwaitZero, 0, 0);
        }
        Fence();
    }

    /// <summary>Under sequential consistency every event is a fence already.</summary>
    public override void Interrupt()
    {
        if (settings.Model == MemoryModel.Tso) throw new NotSupportedException(
            "The optimal search does not model the interrupt of all vCPUs under x86-TSO; explore the program with --model sc.");
    }

    private void EnterLock(object theLock, ReadPurpose purpose, ulong operand)
    {
        if (_loop.IsOnTrial) HoldOnTrial(+1);
        else Read(locations.OfLock(theLock), purpose, operand, 0);
    }

    /// <summary>False if the thread is on trial, when leaving only has to match entering.</summary>
    private bool Leave()
    {
        if (_loop.IsOnTrial) HoldOnTrial(-1);
        return !_loop.IsOnTrial;
    }

    private void HoldOnTrial(int change)
    {
        _loop.Hold(change);
        if (_loop.IsEndless()) CountTurn();
    }

    /// <summary>The thread has come to the end of a turn, by its own word or because it repeats itself.</summary>
    private void EndTurn(bool isSpin)
    {
        if (_next == _graph.CountOf[Current])
        {
            _loop.BeginTrial();
            return;
        }
        if (Recorded.Kind != EventKind.Turn)
        {
            // A loop that only looks is recognised again at the same load, and has no event for it.
            if (isSpin) return;
            Differ("a turn of a spin loop");
        }
        if (!isSpin && ++_turns > SpinLoop.TurnsMax) End(Unwound.TurnsUsedUp);
        _loop.BeginTurn(++_next);
    }

    /// <summary>On trial: the turn ends as the one before it did.</summary>
    private void EndTrialTurn()
    {
        if (!_loop.IsProven) CountTurn();
        if (_loop.IsLastTurn()) Block(_loop.Looked);
    }

    /// <summary>On trial: answers with what the thread read before, unless that shows that the turn does something.</summary>
    private ulong LookAgain(int location, ReadPurpose purpose, ulong operand, ulong comparand)
    {
        if (!_loop.TryLookAgain(location, out ulong value)) CountTurn();
        if (Purposes.Writes(purpose, operand, comparand, value, out ulong written) && written != value) CountTurn();
        if (_loop.IsEndless())
        {
            if (!_loop.IsProven) CountTurn();
            Block(_loop.Looked);
        }
        return value;
    }

    /// <summary>The trial has shown that the turn does something: it becomes an event, and the body is to be run again, past
    /// it.</summary>
    private void CountTurn()
    {
        Bound();
        _graph.Append(Current, EventKind.Turn, -1, isLocked: false);
        End(Unwound.TurnCounts);
    }
}

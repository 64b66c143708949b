using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>Pre-order walk over the SPTEs of a root, from a goal frame upward, down to a minimal level (kernel: struct
/// tdp_iter).</summary>
/// <remarks>
/// <para>After a yield the tree may have changed under the walk. <see cref="Yielded"/> is then set, and the next call of
/// <see cref="Next"/> walks again from the top to the goal <em>without advancing</em>; advancing there would skip an entry
/// (CVE-2021-47094).</para>
/// <para>Forward progress: the caller yields only if <see cref="MadeProgress"/>, that is, if the goal moved since the last
/// yield.</para>
/// Must run inside a read-side section of the page-table RCU domain. Each step is at most one table down or up; the whole walk
/// visits each entry of the tables above the minimal level at most once per yield.
/// </remarks>
internal unsafe struct TdpIter<TMachine, TShape>
    where TMachine : struct, IMachine
    where TShape : struct, ITableShape
{
    // SAFETY: the caller is inside a read-side section, and tables are freed after a grace period only, so a table read from a
    // present entry is not used for anything else during the walk; an index has as many bits as a table has entries; the path
    // has a slot for each level.
    private readonly TMachine _machine;
    private readonly ulong* _rootTable;
    private readonly PageLevel _minLevel;
    private readonly Gfn _end;
    private Path _path;
    private Gfn _goal;
    private Gfn _yieldedGoal;

    public TdpIter(TMachine machine, ulong* rootTable, PageLevel minLevel, GfnRange range)
    {
        _path = default;
        _machine = machine;
        _rootTable = rootTable;
        _minLevel = minLevel;
        _end = range.End;
        _goal = range.Start;
        _yieldedGoal = _goal;
        Restart();
        SkipBehindEnd();
    }

    /// <summary>False once the walk is over.</summary>
    public bool Valid { get; private set; }

    public bool Yielded { get; private set; }

    public PageLevel Level { get; private set; }

    /// <summary>First frame that <see cref="Sptep"/> covers.</summary>
    public Gfn Gfn { get; private set; }

    /// <summary>Where the present entry lives.</summary>
    public ulong* Sptep { get; private set; }

    /// <summary>Snapshot of the entry when the walk came to it, or as a failed CAS refreshed it.</summary>
    public ulong OldSpte { get; set; }

    /// <summary>True if at least one step was made since the last yield.</summary>
    public readonly bool MadeProgress => _goal != _yieldedGoal;

    /// <summary>Frame that the walk is heading for.</summary>
    public readonly Gfn Goal => _goal;

    /// <summary>Call after the lock was dropped and taken again.</summary>
    public void MarkYielded()
    {
        _yieldedGoal = _goal;
        Yielded = TShape.Flaw != MmuFlaw.SkipsAfterYield;
    }

    /// <summary>Moves to the next entry in pre-order, or after a yield back to the goal.</summary>
    public void Next()
    {
        if (Yielded)
        {
            Restart();
        }
        else if (!TryStepDown())
        {
            while (!TryStepSide())
            {
                if (TryStepUp()) continue;
                Valid = false;
                return;
            }
        }
        SkipBehindEnd();
    }

    /// <summary>Goes on at the entry with this index in the present table, which the caller processed up to there itself. Equal
    /// to as many calls of <see cref="Next"/> as entries lie between, none of which steps down.</summary>
    public void SkipTo(int index)
    {
        int present = TableShape<TShape>.IndexOf(Gfn, Level);
        if (index == present) return;
        Gfn += (ulong)(index - present) * TableShape<TShape>.FramesPerEntry(Level);
        _goal = Gfn;
        Sptep += index - present;
        OldSpte = _machine.LoadRelaxed(ref *Sptep);
    }

    public readonly ulong* TableAtLevel => _path[Level];

    private void Restart()
    {
        Yielded = false;
        Level = TableShape<TShape>.RootLevel;
        _path[Level] = _rootTable;
        Gfn = TableShape<TShape>.AlignDown(_goal, Level);
        SetToIndex(TableShape<TShape>.IndexOf(_goal, Level));
        Valid = true;
    }

    private void SetToIndex(int index)
    {
        Sptep = _path[Level] + index;
        OldSpte = _machine.Load(ref *Sptep);
    }

    private bool TryStepDown()
    {
        if (Level == _minLevel) return false;
        // The entry may have been changed since it was read, by this thread or by another.
        OldSpte = _machine.Load(ref *Sptep);
        if (!Spte.IsPresent(OldSpte) || Spte.IsLeaf(OldSpte, Level)) return false;
        ulong* child = (ulong*)Spte.Address(OldSpte);
        Level--;
        _path[Level] = child;
        Gfn = TableShape<TShape>.AlignDown(_goal, Level);
        SetToIndex(TableShape<TShape>.IndexOf(_goal, Level));
        return true;
    }

    private bool TryStepSide()
    {
        int index = TableShape<TShape>.IndexOf(Gfn, Level);
        if (index == TableShape<TShape>.Entries - 1) return false;
        Gfn += TableShape<TShape>.FramesPerEntry(Level);
        _goal = Gfn;
        SetToIndex(index + 1);
        return true;
    }

    private bool TryStepUp()
    {
        if (Level == TableShape<TShape>.RootLevel) return false;
        // OldSpte stays that of the table below: the walk stops at no entry on its way up, and steps aside from this one before
        // anybody looks.
        Level++;
        Gfn = TableShape<TShape>.AlignDown(Gfn, Level);
        Sptep = _path[Level] + TableShape<TShape>.IndexOf(Gfn, Level);
        return true;
    }

    private void SkipBehindEnd()
    {
        if (Gfn.Value >= _end.Value) Valid = false;
    }

    [InlineArray(6)]
    private struct PathSlots
    {
        private nint _first;
    }

    private struct Path
    {
        private PathSlots _slots;

        public ulong* this[PageLevel level]
        {
            readonly get => (ulong*)_slots[(int)level];
            set => _slots[(int)level] = (nint)value;
        }
    }
}

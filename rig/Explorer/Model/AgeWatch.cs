using Lab.Explorer.Agents;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>What a pass over accessed bits must say and leave (I38, I20): the leafs of its range as they were before. Judged only
/// where nobody else made a step meanwhile, so that every bit that differs is the pass's doing.</summary>
internal sealed unsafe class AgeWatch
{
    // SAFETY: roots and tables are SmallMemory's, which stay mapped; looked at behind the machine's back, which is no step.
    private readonly AgentController _agents;
    private readonly Agent _me;
    private readonly long _othersSteps;
    private readonly List<(nint Sptep, ulong Gfn, ulong Spte, bool IsValid)> _leafs = [];

    private AgeWatch(AgentController agents, Agent me)
    {
        (_agents, _me) = (agents, me);
        _othersSteps = agents.Steps - me.StepCount;
    }

    /// <summary>Before the pass. Null if it is not to be judged: somebody is inside mmu_lock, where a leaf may be installed and
    /// not yet on its frame's chain, or has a store that is still to reach memory.</summary>
    public static AgeWatch? Begin(AgentController agents, Agent me, MmuLock mmuLock, SmallMemory memory, GfnRange range)
    {
        foreach (Agent agent in agents.Agents)
        {
            if (agent.Buffer.Count != 0 || agents.Holds(agent, mmuLock, exclusively: false)) return null;
        }
        AgeWatch watch = new(agents, me);
        foreach (TdpRoot root in memory.Made)
        {
            if (root.Header->State != (ulong)RootState.Live) continue;
            for (ulong gfn = range.Start.Value; gfn < range.End.Value; gfn++)
            {
                ulong* leaf = memory.LeafOf(root, gfn);
                if (leaf == null) continue;
                watch._leafs.Add(((nint)leaf, gfn, *leaf, (root.Header->Role & RootRole.Invalid) == 0));
            }
        }
        return watch;
    }

    /// <param name="clears">It was no question.</param>
    /// <param name="young">What it said.</param>
    public void Check(bool clears, bool young)
    {
        if (_agents.Steps - _me.StepCount != _othersSteps) return;
        bool isUsed = _leafs.Exists(leaf => leaf.IsValid && IsAccessed(leaf.Spte));
        string pass = clears ? "a pass" : "a question";
        if (young ? !_leafs.Exists(leaf => IsAccessed(leaf.Spte)) : isUsed)
        {
            Report(Invariants.I38, $"{pass} of {_me.Name}'s says {(young ? "used" : "unused")} of pages that were "
                + $"{(young ? "not" : "used")}");
        }
        foreach ((nint sptep, ulong gfn, ulong spte, bool isValid) in _leafs)
        {
            ulong now = *(ulong*)sptep;
            if (clears && isValid && IsAccessed(now)) Report(Invariants.I38, $"gfn 0x{gfn:x} still looks used after {pass}");
            if (!clears && IsAccessed(spte) && !IsAccessed(now))
            {
                Report(Invariants.I38, $"gfn 0x{gfn:x} looks unused after {pass}");
            }
            if ((now | Spte.Accessed) != (spte | Spte.Accessed)) Report(Invariants.I20,
                $"{pass} changed more of gfn 0x{gfn:x} than its accessed bit");
        }
    }

    private void Report(Invariant invariant, string what) => _agents.Report(new Finding(invariant, what));

    private static bool IsAccessed(ulong spte) => (spte & Spte.Accessed) != 0;
}

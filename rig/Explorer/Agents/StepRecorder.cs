using Lab.Explorer.Model;

namespace Lab.Explorer.Agents;

/// <summary>Writes down what agents' code does between operations, while executions run for real.</summary>
/// <remarks>Facts and memory are compared when an agent comes to an operation, and when its code tells the watch something: since
/// one agent runs at a time, and machine operations are booked as they happen, what differs is its code's doing.</remarks>
internal sealed class StepRecorder(LocalSteps steps, MemoryShadow memory, VmFacts facts)
{
    private readonly List<LocalEffect>[] _effects =
        [.. Enumerable.Range(0, SmallMemory.AgentsMax).Select(_ => new List<LocalEffect>())];
    private bool _reclaims;

    /// <summary>An execution begins: what there is now is nobody's doing.</summary>
    public void Begin()
    {
        foreach (List<LocalEffect> effects in _effects) effects.Clear();
        _reclaims = false;
        memory.Take();
        facts.Take();
    }

    /// <summary>The agent is at its next operation.</summary>
    public void At(Agent me, in LocalOp next)
    {
        Compare(me);
        steps.Add(me.Place, _effects[me.Index], next);
        _effects[me.Index].Clear();
    }

    /// <summary>Its code does something that the watch is told of.</summary>
    public void Add(Agent me, in LocalEffect effect)
    {
        if (_reclaims) return;
        Compare(me);
        _effects[me.Index].Add(effect);
    }

    public void Collapsed(Agent me, ulong kept) => Add(me, new LocalEffect(LocalEffectKind.Collapse, A: kept));

    /// <summary>The machine has written to a word.</summary>
    public void Wrote(nint word, ulong value) => memory.Wrote(word, value);

    /// <summary>What follows is done in the course of an operation.</summary>
    public void BeginReclaim() => _reclaims = true;

    public void EndReclaim()
    {
        _reclaims = false;
        memory.Take();
    }

    private void Compare(Agent me)
    {
        memory.Compare(_effects[me.Index]);
        facts.Compare(_effects[me.Index]);
    }
}

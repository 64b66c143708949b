using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>Who holds which reference.</summary>
internal sealed unsafe partial class RootWatch
{
    // SAFETY: as in RootWatch.cs: headers are SmallMemory's and outlive every execution.
    private const int FirstHeld = 8;
    private const int FirstInside = FirstHeld + SmallMemory.AgentsMax;
    private const int RowLength = FirstInside + SmallMemory.AgentsMax;

    /// <summary>A row for each root.</summary>
    private readonly int[] _books = new int[RootsMax * RowLength];

    private Span<int> Row(int root) => _books.AsSpan(root * RowLength, RowLength);

    private ref int Pool(int root) => ref _books[root * RowLength];

    private ref int Items(int root) => ref _books[root * RowLength + 1];

    private ref int Parked(int root) => ref _books[root * RowLength + 2];

    /// <summary>References used up by who was not given one, and what to say if nobody had left one for him.</summary>
    private ref int Unsaid(int root) => ref _books[root * RowLength + 3];

    /// <summary>A fast zap that invalidated it has returned: 1.</summary>
    private ref int Zapped(int root) => ref _books[root * RowLength + 4];

    private ref int Held(int root, int agent) => ref _books[root * RowLength + FirstHeld + agent];

    /// <summary>Zaps in detached subtrees of it that the agent is in.</summary>
    private ref int Inside(int root, int agent) => ref _books[root * RowLength + FirstInside + agent];

    /// <summary>After the set-up: references of the vCPUs belong to their agents, or to vCPUs that nobody drives; what is left
    /// over to the pools.</summary>
    public void TakeStock()
    {
        foreach (TdpRoot root in memory.Made)
        {
            if (root.Header->State == (ulong)RootState.Live) Pool(Index(root)) = (int)root.Count;
        }
        foreach (Vcpu<Explored> vcpu in _vm!.Vcpus)
        {
            if (vcpu.Root.IsNone) continue;
            Pool(Index(vcpu.Root))--;
            Agent? driver = null;
            foreach (Agent agent in agents.Agents) if (agent.Vcpu == vcpu.Index) driver = agent;
            if (driver is null) Parked(Index(vcpu.Root))++;
            else Held(Index(vcpu.Root), driver.Index)++;
        }
        foreach (Agent agent in agents.Agents) _accesses[agent.Index] = -1;
    }

    /// <summary>From here on the destroyer puts what the vCPUs hold.</summary>
    public void BeginDestroy()
    {
        _ending = true;
        for (int root = 0; root < RootsMax; root++)
        {
            Pool(root) += Parked(root);
            Parked(root) = 0;
            for (int agent = 0; agent < SmallMemory.AgentsMax; agent++)
            {
                if (agent >= agents.AgentCount || agents.Agents[agent].Vcpu < 0) continue;
                Pool(root) += Held(root, agent);
                Held(root, agent) = 0;
            }
        }
    }

    public void OnQueued(Agent me, TdpRoot root, bool queued)
    {
        if (!queued)
        {
            Report(Invariants.I10, $"{me.Name} queued root {SmallMemory.NameOf(root)}, which is queued already: the reference it "
                + "took for that has no owner");
            return;
        }
        int index = Index(root);
        if (Pool(index) > 0) Pool(index)--;
        else if (Held(index, me.Index) > 0) Held(index, me.Index)--;
        else TakeUnsaid(root,
            new Finding(Invariants.I10, $"{me.Name} queued root {SmallMemory.NameOf(root)} without a reference to hand over"));
        CheckUnsaid(root);
        Items(index)++;
    }

    public void OnTaken(Agent me, TdpRoot root)
    {
        Items(Index(root))--;
        Held(Index(root), me.Index)++;
    }

    private void OnCount(Agent me, TdpRoot root, OperationKind kind, long old, long value)
    {
        int index = Index(root);
        string name = SmallMemory.NameOf(root);
        if (kind == OperationKind.Store)
        {
            OnCountStored(me, root, old, value);
            return;
        }
        if (value > old)
        {
            Held(index, me.Index)++;
            if ((ValidOnlyReaders >> me.Index & 1) != 0 && (root.Role & RootRole.Invalid) != 0)
            {
                Claim(Invariants.I15, "an iterator over valid roots took a reference on an invalid one");
            }
            return;
        }
        if (Held(index, me.Index) > 0) Held(index, me.Index)--;
        else if (Pool(index) > 0) Pool(index)--;
        else TakeUnsaid(root, new Finding(Invariants.I1, $"{me.Name} puts root {name} ({old}→{value}) without holding a "
            + $"reference to it: double put. Held by {Holders(index)}"));
        CheckUnsaid(root);
    }

    /// <summary>Somebody uses up a reference that nobody said he has. It may be one that an agent took and left where others find
    /// it; then that agent never uses it. If no agent has one to leave, the finding is reported here and now.</summary>
    private void TakeUnsaid(TdpRoot root, Finding finding)
    {
        int index = Index(root);
        _firstWrong[index] ??= finding;
        _isAnyWrong = true;
        Unsaid(index)++;
    }

    /// <summary>More was used up than there was to be left: the first who used what he did not have was wrong.</summary>
    private void CheckUnsaid(TdpRoot root)
    {
        int index = Index(root);
        if (Unsaid(index) == 0) return;
        int left = Pool(index) - Unsaid(index);
        foreach (Agent agent in agents.Agents)
        {
            // The root that a vCPU runs on is its own.
            bool runsOnIt = agent.Vcpu >= 0 && RootOf(agent.Vcpu) == root && Held(index, agent.Index) > 0;
            left += Held(index, agent.Index) - (runsOnIt ? 1 : 0);
        }
        if (left < 0) agents.Report(_firstWrong[index]!);
    }

    /// <summary>What is reported of a root: if its life or its count went wrong and somebody had used a reference that he was not
    /// given, that comes first.</summary>
    private Finding FirstWrong(TdpRoot root, Finding finding)
    {
        bool isOfItsLife = finding.Invariant == Invariants.I1.Number || finding.Invariant == Invariants.I2.Number
            || finding.Invariant == Invariants.I3.Number || finding.Invariant == Invariants.I14.Number;
        return isOfItsLife && !root.IsNone ? _firstWrong[Index(root)] ?? finding : finding;
    }

    /// <summary>The count is what its holders add up to, after every change of it.</summary>
    private void CompareBooks(Agent me, TdpRoot root, long count)
    {
        int index = Index(root);
        int holders = Pool(index) + Items(index) + Parked(index) - Unsaid(index);
        for (int agent = 0; agent < agents.AgentCount; agent++) holders += Held(index, agent);
        if (holders == count) return;
        Report(Invariants.I1, $"after a step of {me.Name} the count of root {SmallMemory.NameOf(root)} is {count}, and its "
            + $"holders add up to {holders}");
    }

    private void OnCountStored(Agent me, TdpRoot root, long old, long value)
    {
        int index = Index(root);
        if (old == 0 && value > 0)
        {
            // A new root, or the documented way back from zero.
            bool isNew = root.Header->Previous == 0 && (root.Role & RootRole.Invalid) == 0;
            if (isNew) Held(index, me.Index)++;
            else Held(index, me.Index) += (int)value;
            if (isNew) Pool(index) += (int)value - 1;
            return;
        }
        if (value != 0) return;
        if (Held(index, me.Index) > 0) Held(index, me.Index)--;
        else if (Pool(index) > 0) Pool(index)--;
        for (int agent = 0, left = Unsaid(index); agent < agents.AgentCount; agent++)
        {
            if ((left -= Held(index, agent)) >= 0) continue;
            Report(Invariants.I1, $"{me.Name} sets the count of root {SmallMemory.NameOf(root)} from {old} to 0 while "
                + $"{Holders(index)} holds a reference: it is lost");
            return;
        }
    }

    /// <summary>The agent hands a reference over to what the strategy keeps: it is in the pool then. One that was the MMU's is
    /// there already.</summary>
    private void OnHandedOver(TdpRoot root)
    {
        Note(LocalEffectKind.HandedOver, (nint)root.AsWord);
        int index = Index(root), me = agents.CurrentIndex;
        if (Held(index, me) == 0) return;
        Held(index, me)--;
        Pool(index)++;
    }

    private string Holders(int index)
    {
        List<string> holders = [];
        for (int agent = 0; agent < agents.AgentCount; agent++)
        {
            if (Held(index, agent) != 0) holders.Add(agents.Agents[agent].Name);
        }
        if (Items(index) != 0) holders.Add("the item on the queue");
        return holders.Count == 0 ? "nobody" : string.Join(", ", holders);
    }
}

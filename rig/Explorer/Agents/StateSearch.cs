using System.Numerics;

namespace Lab.Explorer.Agents;

/// <summary>What bounds a <see cref="StateSearch"/>.</summary>
/// <param name="PreemptionsMax">Switches away from an agent that could have gone on; without this bound sleep sets are used as
/// well.</param>
/// <param name="ChoicesMax">Length of an execution in choices; for looking for shorter failures.</param>
internal readonly record struct SearchBound(int PreemptionsMax, int ChoicesMax)
{
    public static SearchBound None => new(int.MaxValue, int.MaxValue);

    public bool IsNone => this == None;
}

/// <summary>Depth-first search over all choices, each state once. A state is what every agent has seen so far, memory, and what
/// waits for what; an agent that has seen the same does the same, so that two executions that come to one state have one
/// future.</summary>
/// <remarks>
/// <para>Without a bound, sleep sets (Godefroid 1996) leave out orders of stretches that touch nothing in common; a state that is
/// met again with a sleep set that lacks something is explored again for what was left out (state-space caching).</para>
/// <para>With a bound on preemptions a state is explored again if it is met with fewer; sleep sets are not sound then, and are
/// not used.</para>
/// <para>States are kept as 64-bit hashes. That two of n states fall together has a chance of about n²/2⁶⁵.</para>
/// </remarks>
internal sealed class StateSearch(SearchBound bound) : IGuide
{
    private static readonly long StatesMax =
        Math.Min(400_000_000, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / StateTable.BytesPerState);
    private readonly StateTable _seen = new();
    private readonly List<Node> _path = [];
    private readonly Stack<Node> _spare = new();
    private int _depth;
    private int _fixed;

    /// <summary>Leaves out orders of stretches that touch nothing in common. Off only to check the search against
    /// itself.</summary>
    public bool UsesSleepSets { get; init; } = true;

    public bool IsBounded => !bound.IsNone;

    /// <summary>Cuts the search into places, some of which are its own; null for the whole.</summary>
    public SearchCeiling? Ceiling { get; init; }

    /// <summary>States met so far.</summary>
    public long States => _seen.Count;

    /// <summary>What tells them apart, to check the search against itself and to put parts of one together; without a bound it is
    /// <see cref="AgentController.StateHash"/>.</summary>
    public IReadOnlyCollection<ulong> Met => Ceiling is null ? _seen.States() : [.. _seen.States().Union(Ceiling.States)];

    /// <summary>A choice was left out only because of the bound.</summary>
    public bool BoundWasHit { get; private set; }

    /// <summary>The same choices led to another state: the code looks at something that the machine does not show.</summary>
    public bool Diverged { get; private set; }

    /// <summary>There is no room for more states.</summary>
    public bool IsFull => _seen.Count >= StatesMax;

    /// <summary>Share of the choices at the first few levels that are done: what an estimate of the end can be made of.</summary>
    public double DoneShare
    {
        get
        {
            if (Ceiling is not null) return Ceiling.DoneShare;
            double done = 0, weight = 1;
            for (int level = 0; level < Math.Min(_path.Count, 40); level++)
            {
                Node node = _path[level];
                int todo = BitOperations.PopCount(node.Todo), total = todo + BitOperations.PopCount(node.Done) + 1;
                weight /= total;
                done += weight * BitOperations.PopCount(node.Done);
            }
            return done;
        }
    }

    /// <summary>Call before each execution.</summary>
    public void BeginExecution() => _depth = 0;

    /// <summary>Call after an execution, before what it was is looked at: false if it belongs to another part of the search, or
    /// led to nothing that had not been met above the places.</summary>
    public bool IsOwn(ExecutionEnd end)
    {
        if (Ceiling is null || _path.Count > Ceiling.Depth) return true;
        return end != ExecutionEnd.Cut && Ceiling.ComesTo(isOpen: false);
    }

    /// <summary>Call after each execution; false when everything has been explored.</summary>
    public bool MoveOn(AgentController agents, ExecutionEnd end)
    {
        // One that was cut was cut here, where the footprint of the stretch before has been booked already.
        if (end != ExecutionEnd.Cut && _path.Count != 0 && _depth == _path.Count)
        {
            _path[^1].Prints[_path[^1].Chosen] = agents.LastFootprint;
        }
        while (_path.Count != 0 && Ceiling is not { IsPassed: true })
        {
            Node top = _path[^1];
            top.Done |= 1u << top.Chosen;
            if (top.Todo != 0)
            {
                Choose(top, top.Current);
                _fixed = _path.Count;
                return true;
            }
            _path.RemoveAt(_path.Count - 1);
            _spare.Push(top);
        }
        return false;
    }

    public int Next(AgentController agents, uint enabled, int current)
    {
        if (_depth < _fixed)
        {
            Node known = _path[_depth++];
            // The same choices led here: another set of agents that can go on, or another state, means that they looked at
            // something else. Of the states the last one is enough: it holds what every agent has seen.
            if (enabled == known.Enabled && (_depth < _fixed || agents.StateHash() == known.State)) return known.Chosen;
            Diverged = true;
            return -1;
        }
        Node? before = _depth == 0 ? null : _path[_depth - 1];
        if (before is not null) before.Prints[before.Chosen] = agents.LastFootprint;
        Node node = _spare.Count != 0 ? _spare.Pop() : new Node();
        node.Current = current;
        node.Done = 0;
        node.Sleep = bound.IsNone && before is not null && UsesSleepSets ? SleepAfter(before, node) : 0;
        node.Preemptions = before is null ? 0 : before.Preemptions + Cost(before, before.Chosen);
        node.Enabled = enabled;
        node.Todo = Affordable(node, enabled) & ~node.Sleep;
        bool isNew = Ceiling is null || _depth > Ceiling.Depth ? Meet(agents, node) : MeetAbove(Ceiling, agents, node);
        if (!isNew || node.Todo == 0)
        {
            _spare.Push(node);
            return -1;
        }
        Choose(node, current);
        _path.Add(node);
        _depth++;
        _fixed = _path.Count;
        return node.Chosen;
    }

    /// <summary>It will come back to the last choice of the path, for what is left to be chosen there.</summary>
    public bool ComesBack => _path[^1].Todo != 0;

    /// <summary>Choices on the present path.</summary>
    public int Depth => _path.Count;

    /// <summary>For who comes to the last choice of the path without making those before: what is chosen there.</summary>
    public int GoOn()
    {
        _depth = _path.Count;
        return _path[^1].Chosen;
    }

    /// <summary>The choices on the present path.</summary>
    public byte[] Path() => [.. _path.Select(node => (byte)node.Chosen)];

    private static void Choose(Node node, int current)
    {
        // Who runs goes on first: the first executions are those with the fewest switches.
        node.Chosen = current >= 0 && (node.Todo >> current & 1) != 0 ? current : BitOperations.TrailingZeroCount(node.Todo);
        node.Todo &= ~(1u << node.Chosen);
    }

    private static int Cost(Node node, int pick) =>
        pick < AgentController.FirstDrain && node.Current >= 0 && pick != node.Current
            && (node.Enabled >> node.Current & 1) != 0 ? 1 : 0;

    private uint Affordable(Node node, uint enabled)
    {
        if (bound.IsNone) return enabled;
        if (_depth >= bound.ChoicesMax)
        {
            BoundWasHit = true;
            return 0;
        }
        if (node.Preemptions < bound.PreemptionsMax) return enabled;
        uint affordable = 0;
        for (uint left = enabled; left != 0; left &= left - 1)
        {
            int pick = BitOperations.TrailingZeroCount(left);
            if (Cost(node, pick) == 0) affordable |= 1u << pick;
        }
        if (affordable != enabled) BoundWasHit = true;
        return affordable;
    }

    private static uint SleepAfter(Node before, Node node)
    {
        uint sleep = 0;
        for (uint left = (before.Sleep | before.Done) & ~(1u << before.Chosen); left != 0; left &= left - 1)
        {
            int pick = BitOperations.TrailingZeroCount(left);
            if (before.Prints[pick].DependsOn(before.Prints[before.Chosen])) continue;
            sleep |= 1u << pick;
            node.Prints[pick] = before.Prints[pick];
        }
        return sleep;
    }

    /// <summary>Books the state. False if nothing is left to be explored from it.</summary>
    private bool Meet(AgentController agents, Node node)
    {
        ulong state = node.State = agents.StateHash();
        if (bound.IsNone)
        {
            ref uint leftOut = ref _seen.Find(state, out bool isNew);
            if (isNew)
            {
                leftOut = node.Sleep;
                return true;
            }
            node.Todo &= leftOut;
            leftOut &= node.Sleep;
            return node.Todo != 0;
        }
        state = AgentController.Mix(state, (ulong)(node.Current + 2), 5);
        uint spent = ((uint)node.Preemptions << 16) | (uint)Math.Min(_depth, 0xffff);
        ref uint least = ref _seen.Find(state, out bool isFirst);
        if (!isFirst && least >> 16 <= spent >> 16
            && ((least & 0xffff) <= (spent & 0xffff) || bound.ChoicesMax == int.MaxValue)) return false;
        least = spent;
        return true;
    }

    /// <summary>Above the places every part of the search goes the same ways, and so must know states by what all of them meet
    /// there: at one depth each state once. What is below knows of a place only if it is its own.</summary>
    private bool MeetAbove(SearchCeiling ceiling, AgentController agents, Node node)
    {
        ulong state = node.State = agents.StateHash();
        ulong key = AgentController.Mix(state, (ulong)_depth, 6);
        if (!ceiling.Seen.TryGetValue(key, out uint leftOut)) leftOut = uint.MaxValue;
        node.Todo &= leftOut;
        ceiling.Seen[key] = node.Sleep & leftOut;
        bool isPlace = _depth == ceiling.Depth && node.Todo != 0, isOwn = isPlace && ceiling.ComesTo(isOpen: true);
        if (ceiling.IsPassed) return false;
        ceiling.States.Add(state);
        return isPlace ? isOwn && Meet(agents, node) : node.Todo != 0;
    }

    private sealed class Node
    {
        public ulong State;
        public uint Enabled;
        public uint Todo;
        public uint Done;
        public uint Sleep;
        public int Chosen;
        public int Current;
        public int Preemptions;
        public readonly Footprint[] Prints = new Footprint[32];
    }
}

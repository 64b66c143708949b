using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Work queues: an item is a root, a worker is an agent.</summary>
internal sealed partial class AgentController
{
    public override bool Queue(WorkQueue queue, TdpRoot root)
    {
        QueueState state = QueueOf(queue);
        if (_direct)
        {
            state.Items.Add(new Item(root, ++state.Last, -1));
            return true;
        }
        Agent me = Enter(new LocalOp(LocalOpKind.Queue, (nint)root.AsWord, state.Number));
        AwaitDrained(me, new Operation(OperationKind.Queue, QueueTarget + state.Number));
        me.IsFused = false;
        Point(me, new Operation(OperationKind.Queue, QueueTarget + state.Number));
        bool queued = Put(me, state, root);
        Teller?.Tell(me, queued, root, queue);
        return queued;
    }

    private bool Put(Agent me, QueueState state, TdpRoot root)
    {
        _footprint.Write(QueueTarget + state.Number);
        bool queued = !state.Items.Exists(item => item.Root == root);
        if (queued) state.Items.Add(new Item(root, ++state.Last, me.Index));
        See(me, QueueTarget + state.Number, queued ? 1u : 0u, OperationKind.Queue);
        Watch?.OnQueued(me, root, queued);
        return queued;
    }

    public override void Flush(WorkQueue queue)
    {
        QueueState state = QueueOf(queue);
        if (_direct)
        {
            while (state.Items.Count != 0)
            {
                TdpRoot root = state.Items[0].Root;
                state.Items.RemoveAt(0);
                queue.Execute(root);
            }
            return;
        }
        Agent me = Enter(new LocalOp(LocalOpKind.Flush, Thing: state.Number));
        me.IsFused = false;
        Operation wait = new(OperationKind.Flush, QueueTarget + state.Number);
        CheckMaySleep(me, "flushes ", queue);
        AwaitDrained(me, wait);
        Point(me, wait);
        if (!BeginFlush(me, state)) Point(me, wait, Wait.Flush);
        _footprint.Read(QueueTarget + state.Number);
        See(me, QueueTarget + state.Number, 0, OperationKind.Flush);
        Teller?.Tell(me, OperationKind.Flush, queue);
    }

    /// <summary>True if there is nothing to wait for.</summary>
    private bool BeginFlush(Agent me, QueueState state)
    {
        _footprint.Read(QueueTarget + state.Number);
        me.FlushUpTo = state.Last;
        Watch?.OnFlush(me, state.Items, state.Running);
        return state.IsDone(me.FlushUpTo);
    }

    /// <summary>Body of the agent that is a queue's worker.</summary>
    public void Work(WorkQueue queue)
    {
        QueueState state = QueueOf(queue);
        while (true)
        {
            Agent me = Enter(new LocalOp(LocalOpKind.TakeItem, Thing: state.Number));
            me.IsFused = false;
            Point(me, new Operation(OperationKind.Work, QueueTarget + state.Number), Wait.Item);
            Item item = Take(me, state);
            Teller?.Tell(me, OperationKind.Work, item.Root);
            queue.Execute(item.Root);
            Finish(Enter(new LocalOp(LocalOpKind.FinishItem, Thing: state.Number)), state);
        }
    }

    private Item Take(Agent me, QueueState state)
    {
        _footprint.Write(QueueTarget + state.Number);
        Item item = state.Items[0];
        state.Items.RemoveAt(0);
        state.Running = item;
        See(me, QueueTarget + state.Number, item.Root.AsWord, OperationKind.Work);
        Watch?.OnTaken(me, item.Root);
        return item;
    }

    private void Finish(Agent me, QueueState state)
    {
        // Nobody can see the end of the work but who flushes: it can be moved up to the last step of it.
        _footprint.Write(QueueTarget + state.Number);
        state.Running = default;
        me.Collapse(0);
        me.Place = me.Knowledge;
    }

    private QueueState QueueOf(WorkQueue queue)
    {
        foreach (QueueState known in _queues) if (known.Name == queue.Name) return known;
        QueueState state = new(queue.Name, _queues.Count);
        _queues.Add(state);
        return state;
    }

    private bool HasItem(Agent agent) => _queues[agent.Pending.Target - QueueTarget].Items.Count != 0;

    private bool IsFlushed(Agent agent) => _queues[agent.Pending.Target - QueueTarget].IsDone(agent.FlushUpTo);

    private void ResetQueues()
    {
        foreach (QueueState queue in _queues) queue.Reset();
    }

    private ulong HashOfQueues()
    {
        ulong hash = 0;
        foreach (QueueState queue in _queues)
        {
            foreach (Item item in queue.Items) hash = Mix(hash, item.Root.AsWord, (ulong)item.Number);
            hash = Mix(hash, queue.Running.Root.AsWord, (ulong)queue.Running.Number);
        }
        return hash;
    }

    /// <summary>A root on a queue.</summary>
    /// <param name="Root">The root.</param>
    /// <param name="Number">Its number in the order of queueing.</param>
    /// <param name="By">Agent that queued it.</param>
    internal readonly record struct Item(TdpRoot Root, long Number, int By);

    private sealed class QueueState(string name, int number)
    {
        public readonly string Name = name;
        public readonly int Number = number;
        public readonly List<Item> Items = [];
        public Item Running;
        public long Last;

        public bool IsDone(long upTo) =>
            (Items.Count == 0 || Items[0].Number > upTo) && (Running.Number == 0 || Running.Number > upTo);

        public void Reset()
        {
            Items.Clear();
            Running = default;
            Last = 0;
        }
    }
}

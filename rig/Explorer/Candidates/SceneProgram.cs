using Lab.Explorer.Orders;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Candidates;

/// <summary>What is taken to depend on a load whose value a body got as a plain number, since nobody sees what it does with
/// it.</summary>
internal enum PlainValues : byte
{
    /// <summary>Nothing: every execution that any dependencies allow, and more.</summary>
    DecideNothing,

    /// <summary>All that its thread stores later: load buffering is excluded.</summary>
    DecideStores,

    /// <summary>All that its thread does later, addresses and values included: only executions that all dependencies
    /// allow.</summary>
    DecideEverything,
}

/// <summary>A scene as threads that can be run against any values. A body's code is what it is; it is run from its start for each
/// way in which its reads can turn out.</summary>
internal sealed class SceneProgram : ITracedProgram
{
    private readonly Scene _scene;
    private readonly Explored _machine;
    private readonly PlainValues _plain;
    private readonly InitialValues _initial;

    internal SceneProgram(Scene scene, Locations locations, OrderModel model, CodeSites sites, PlainValues plain)
    {
        (_scene, _plain) = (scene, plain);
        Controller = new CandidateController(locations, model, sites);
        _machine = new Explored(Controller);
        _initial = new InitialValues(locations);
    }

    public IReadOnlyList<long> Initial => _initial;

    public int Threads => _scene.Threads.Count;

    public bool HasLoops => true;

    internal CandidateController Controller { get; }

    /// <summary>Some thread was given a plain number.</summary>
    internal bool HasPlainValues { get; private set; }

    /// <summary>Loops that do something while they wait were followed for some turns only.</summary>
    internal bool HasLeftOutTurns { get; private set; }

    public ThreadTrace Run(int thread, TraceWriter writer)
    {
        Exception? fault = null;
        for (int turns = 0; ; turns++)
        {
            Controller.Begin(writer, thread, turns);
            fault = RunBody(thread);
            if (Controller.End != TraceEnd.TurnCounts) break;
            writer.Again();
        }
        if (Controller.End == TraceEnd.TurnsUsedUp) HasLeftOutTurns = true;
        if (Controller.End is TraceEnd.TurnsUsedUp or TraceEnd.Blocked) throw TraceBlockedException.Instance;
        HasPlainValues |= Controller.Plain != 0;
        return new ThreadTrace(Depending(writer.Events, Controller.Plain), [], fault)
        {
            WaitsFor = Controller.End == TraceEnd.Waits ? Controller.WaitsFor : null,
        };
    }

    /// <summary>What the body has thrown: of its own, or because it uses what is not modelled. It counts if the thread can really
    /// be told what it was told.</summary>
    private Exception? RunBody(int thread)
    {
        try
        {
            _scene.Threads[thread].Body(_machine);
            Controller.EndOfBody();
        }
        catch (ExecutionEndedException)
        {
            if (Controller.IsAbandoned) throw;
        }
        catch (TraceBlockedException)
        {
            Controller.IsBlocked();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or TraceTooLongException or TraceDiffersException))
        {
            if (Controller.HasThrown()) return e;
        }
        return null;
    }

    private IReadOnlyList<MemoryEvent> Depending(IReadOnlyList<MemoryEvent> events, ulong plain)
    {
        if (_plain == PlainValues.DecideNothing || plain == 0) return events;
        MemoryEvent[] depending = [.. events];
        for (int index = 1; index < depending.Length; index++)
        {
            MemoryEvent e = depending[index];
            ulong before = plain & ((1UL << index) - 1);
            // The write part of a modification depends on its read part in other ways.
            if (e.ReadPart >= 0) before &= ~(1UL << e.ReadPart);
            if (e.Kind == MemoryEventKind.Fence || before == 0) continue;
            depending[index] = _plain == PlainValues.DecideStores ? e with { Control = e.Control | before }
                : e with { Control = e.Control | before, Address = e.Address | before, Data = e.IsWrite ? e.Data | before : 0 };
        }
        return depending;
    }

    /// <summary>Words first, then locks, as they are used for the first time.</summary>
    private sealed class InitialValues(Locations locations) : IReadOnlyList<long>
    {
        public int Count => locations.Count;

        public long this[int index] => unchecked((long)locations.InitialOf(index));

        public IEnumerator<long> GetEnumerator()
        {
            for (int index = 0; index < Count; index++) yield return this[index];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

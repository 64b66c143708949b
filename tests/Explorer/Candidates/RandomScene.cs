using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Mmu;
using Lab.Tests.Explorer.Litmus;
using Operation = Lab.Tests.Explorer.Litmus.Operation;

namespace Lab.Tests.Explorer.Candidates;

/// <summary>A random program as code that runs. What it observes is what a state of the program's text is, item by item in
/// order.</summary>
internal static class RandomScene
{
    /// <summary>Code has no atomic_inc and no barriers around atomics; and a branch that ends has no end there.</summary>
    internal static bool Exists(RandomProgram program) => program.Threads.SelectMany(thread => thread).All(one =>
        one.What != Doing.Increment && one.How != 'c' && !one.Fence.Contains("__", StringComparison.Ordinal));

    internal static Action<Scene> Of(RandomProgram program) => scene =>
    {
        Word[] words = [.. Enumerable.Range(0, program.Words).Select(word => scene.Word($"{program.Names[word]}"))];
        ulong[][] seen = [.. program.Threads.Select(thread => new ulong[thread.Length])];
        foreach ((int thread, Operation[] operations) in program.Threads.Index())
        {
            scene.Thread($"P{thread}", machine =>
            {
                TrackedValue[] registers = new TrackedValue[operations.Length];
                foreach ((int place, Operation one) in operations.Index())
                {
                    registers[place] = Do(machine, words, one, registers);
                    registers[place].Select(value => seen[thread][place] = value);
                }
            });
        }
        scene.Outcome(() => string.Join(' ', program.Threads.SelectMany((operations, thread) => operations.Index()
                .Where(one => one.Item.Reads).Select(one => Told($"{thread}:r{one.Index}", seen[thread][one.Index])))
            .Concat(words.Select(word => Told($"[{word.Name}]", word.Value))).Order(StringComparer.Ordinal)));
    };

    private static string Told(string name, ulong value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    private static TrackedValue Do(Explored machine, Word[] words, Operation one, TrackedValue[] registers)
    {
        if (one.What == Doing.Fence)
        {
            if (one.Fence == "smp_wmb") machine.StoreFence();
            else if (one.Fence == "smp_rmb") machine.LoadFence();
            else machine.FullFence();
            return 0;
        }
        TrackedValue nothing = one.On >= 0 ? registers[one.On] & 0UL : 0;
        ref ulong word = ref words[one.Word].Value;
        TrackedValue value = one switch
        {
            { On: >= 0, How: 'v' } => registers[one.On],
            { On: >= 0, How: 'd' } => nothing + (ulong)one.Value,
            _ => (ulong)one.Value,
        };
        AccessOrder order = one.Order switch
        {
            "_acquire" => AccessOrder.Acquire,
            "_release" => AccessOrder.Release,
            "full" => AccessOrder.Full,
            _ => AccessOrder.Relaxed,
        };
        bool isAddress = one is { On: >= 0, How: 'a' };
        switch (one.What)
        {
            case Doing.Load when order == AccessOrder.Acquire:
                return machine.Load(ref word);
            case Doing.Load:
                return isAddress ? machine.LoadTracked(words[one.Word].Pointer + nothing) : machine.LoadTracked(ref word);
            case Doing.Store when isAddress:
                machine.StoreTracked(words[one.Word].Pointer + nothing, value, order);
                return 0;
            case Doing.Store:
                machine.StoreTracked(ref word, value, order);
                return 0;
            case Doing.Exchange:
                return machine.Exchange(ref word, (ulong)one.Value, order);
            case Doing.CompareExchange:
                return machine.CompareExchange(ref word, (ulong)one.Value, (ulong)one.Value - 1, order);
            default:
                return machine.Add(ref word, 1, order) - 1;
        }
    }
}

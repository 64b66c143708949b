using System.Globalization;
using Lab.Explorer;

namespace Lab.Tests.Explorer;

/// <summary>An operation of a <see cref="TinyProgram"/>. Its result is the thread's register of the operation's number.</summary>
internal enum Do
{
    Store,

    /// <summary>Stores the register <see cref="TinyOp.A"/>.</summary>
    StoreRegister,
    Load,
    Add,

    /// <summary>From <see cref="TinyOp.A"/> to <see cref="TinyOp.B"/>.</summary>
    CompareExchange,
    Fence,
}

internal readonly record struct TinyOp(Do Do, int Word, ulong A, ulong B);

/// <summary>A program without branches, as data: what the explorer runs and what <see cref="EveryInterleaving"/> enumerates.</summary>
internal sealed record TinyProgram(int Words, TinyOp[][] Threads)
{
    /// <summary>Two or three threads of two to four operations on two words.</summary>
    public static TinyProgram Random(Random random)
    {
        int threads = random.Next(2, 4);
        return new TinyProgram(2, [.. Enumerable.Range(0, threads).Select(thread => Enumerable.Range(0, random.Next(2, threads == 2 ? 5 : 4)).Select(index => RandomOp(random, index)).ToArray())]);
    }

    public Action<Scene> Scene => scene =>
    {
        Word[] words = [.. Enumerable.Range(0, Words).Select(index => scene.Word(Name(index)))];
        ulong[][] registers = [.. Threads.Select(ops => new ulong[ops.Length])];
        for (int thread = 0; thread < Threads.Length; thread++)
        {
            TinyOp[] ops = Threads[thread];
            ulong[] own = registers[thread];
            scene.Thread($"t{thread}", machine => Run(machine, ops, own, words));
        }
        scene.Outcome(() => Outcome(registers, [.. words.Select(word => word.Value)]));
    };

    public static string Outcome(ulong[][] registers, ulong[] memory) =>
        string.Join('|', registers.Append(memory).Select(values => string.Join(',', values)));

    public override string ToString() => string.Join(" || ", Threads.Select(ops => string.Join("; ", ops.Select(op => op.Do switch
    {
        Do.Store => string.Create(CultureInfo.InvariantCulture, $"{Name(op.Word)}={op.A}"),
        Do.StoreRegister => $"{Name(op.Word)}=r{op.A}",
        Do.Load => $"load {Name(op.Word)}",
        Do.Add => $"{Name(op.Word)}+={op.A}",
        Do.CompareExchange => $"cas {Name(op.Word)} {op.A}->{op.B}",
        _ => "fence",
    }))));

    private static string Name(int word) => ((char)('x' + word)).ToString();

    private static void Run(Explored machine, TinyOp[] ops, ulong[] registers, Word[] words)
    {
        for (int index = 0; index < ops.Length; index++)
        {
            TinyOp op = ops[index];
            ref ulong word = ref words[op.Word].Value;
            registers[index] = 0;
            switch (op.Do)
            {
                case Do.Store: machine.Store(ref word, op.A); break;
                case Do.StoreRegister: machine.Store(ref word, registers[op.A]); break;
                case Do.Load: registers[index] = machine.Load(ref word); break;
                case Do.Add: registers[index] = machine.Add(ref word, op.A) - op.A; break;
                case Do.CompareExchange: registers[index] = machine.CompareExchange(ref word, op.B, op.A); break;
                default: machine.FullFence(); break;
            }
        }
    }

    private static TinyOp RandomOp(Random random, int index)
    {
        int word = random.Next(2);
        return random.Next(12) switch
        {
            < 3 => new TinyOp(Do.Store, word, (ulong)random.Next(1, 3), 0),
            3 => index == 0 ? new TinyOp(Do.Store, word, 3, 0) : new TinyOp(Do.StoreRegister, word, (ulong)random.Next(index), 0),
            < 8 => new TinyOp(Do.Load, word, 0, 0),
            8 => new TinyOp(Do.Add, word, 1, 0),
            < 11 => new TinyOp(Do.CompareExchange, word, (ulong)random.Next(2), (ulong)random.Next(1, 4)),
            _ => new TinyOp(Do.Fence, 0, 0, 0),
        };
    }
}

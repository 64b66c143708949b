namespace Lab.Tests.Explorer.Litmus;

internal enum Doing
{
    Load,
    Store,
    Exchange,
    CompareExchange,
    Add,
    Increment,
    Fence,
    Lock,
    Unlock,
}

/// <summary>What a random program has besides accesses and fences.</summary>
public enum Around
{
    Nothing,

    /// <summary>A critical section of one spin lock in most threads.</summary>
    Locks,

    /// <summary>A read-side section, or a grace period, in most threads.</summary>
    Rcu,

    /// <summary>Operations and fences are C11's.</summary>
    C11,
}

/// <summary>C11's words, as orders of operations.</summary>
internal static class C11
{
    internal const string Relaxed = "memory_order_relaxed";
    internal const string Acquire = "memory_order_acquire";
    internal const string Release = "memory_order_release";
    internal const string Both = "memory_order_acq_rel";
    internal const string Sequential = "memory_order_seq_cst";
    internal const string Fence = "atomic_thread_fence";
}

/// <summary>An operation of a random program. Registers are named after the operation's place in its thread.</summary>
/// <param name="What">Kind.</param>
/// <param name="Word">Number of the word.</param>
/// <param name="Value">Stored, added, or the comparand's successor; a compare-and-exchange looks for one less.</param>
/// <param name="Order">"", "_acquire", "_release" or, of a modification, "full"; or one of <see cref="C11"/>.</param>
/// <param name="On">Place of an earlier operation of the thread whose register this depends on, or −1.</param>
/// <param name="How">'a' address, 'd' data, 'v' value stored is the register's, 'c' control.</param>
/// <param name="Fence">In C.</param>
internal sealed record Operation(Doing What, int Word, int Value, string Order, int On, char How, string Fence = "")
{
    /// <summary>Of the read that a compare-and-exchange is if it does not write.</summary>
    internal string Failed { get; init; } = "failed";

    /// <summary>It happens if this holds of the register <see cref="On"/>.</summary>
    internal Func<long, bool>? If { get; init; }

    internal bool IsC11 => Order.StartsWith("memory_order", StringComparison.Ordinal);

    internal bool Reads => What is Doing.Load or Doing.Exchange or Doing.CompareExchange or Doing.Add;
}

/// <summary>A random program of two or three threads without loops, from a seed.</summary>
internal sealed class RandomProgram
{
    private static readonly string[] Fences =
        ["smp_mb", "smp_mb", "smp_wmb", "smp_rmb", "smp_mb__before_atomic", "smp_mb__after_atomic"];

    private static readonly string[] Orders = ["full", "_relaxed", "_acquire", "_release"];

    internal RandomProgram(int seed, Around around = Around.Nothing)
    {
        Random random = new(seed);
        Words = around is Around.Nothing or Around.C11 ? random.Next(2, 4) : 2;
        int threads = random.Next(2, 4);
        int most = threads == 2 ? 4 : 3;
        Threads = [.. Enumerable.Range(0, threads).Select(_ => around == Around.Nothing
            ? Thread(random, random.Next(2, most + 1), []) : around == Around.C11 ? ThreadOfC11(random, random.Next(2, most + 1))
            : Thread(random, most + 1, Frame(random, around, most + 1)))];
    }

    /// <summary>A program that is not random.</summary>
    internal RandomProgram(string names, Operation[][] threads) => (Names, Words, Threads) = (names, names.Length, threads);

    /// <summary>What stands where in a thread of so many operations.</summary>
    private Dictionary<int, Operation> Frame(Random random, Around around, int count)
    {
        if (random.Next(6) == 0) return [];
        int from = random.Next(2) == 0 ? 0 : random.Next(count - 1);
        int to = random.Next(2) == 0 ? count - 1 : random.Next(from + 1, count);
        if (around == Around.C11) return [];
        if (around == Around.Locks)
        {
            return new()
            {
                [from] = new(Doing.Lock, Words, 1, "_acquire", -1, ' '),
                [to] = new(Doing.Unlock, Words, 0, "_release", -1, ' '),
            };
        }
        if (random.Next(2) == 0) return new() { [random.Next(1, count)] = Fence("synchronize_rcu") };
        return new() { [from] = Fence("rcu_read_lock"), [to] = Fence("rcu_read_unlock") };

        static Operation Fence(string name) => new(Doing.Fence, -1, 0, "", -1, ' ', name);
    }

    /// <summary>The first so many programs of at most <paramref name="candidatesMax"/> pairs of reads-from and
    /// coherence.</summary>
    internal static IEnumerable<(int Seed, RandomProgram Program)> First(
        int count, double candidatesMax, Around around = Around.Nothing) =>
        Enumerable.Range(0, int.MaxValue).Select(seed => (Seed: seed, Program: new RandomProgram(seed, around)))
            .Where(one => one.Program.Candidates <= candidatesMax).Take(count);

    /// <summary>Pairs of reads-from and coherence, before anything is asked of them.</summary>
    internal double Candidates
    {
        get
        {
            double candidates = 1;
            Operation[] all = [.. Threads.SelectMany(thread => thread).Where(one => one.What != Doing.Fence)];
            for (int word = 0; word <= Words; word++)
            {
                int writes = all.Count(one => one.Word == word && one.What != Doing.Load);
                int reads = all.Count(one => one.Word == word && one.What is not (Doing.Store or Doing.Unlock));
                for (int factor = 2; factor <= writes; factor++) candidates *= factor;
                candidates *= Math.Pow(writes + 1, reads);
            }
            return candidates;
        }
    }

    internal int Words { get; }

    /// <summary>Of the words, a letter each.</summary>
    internal string Names { get; } = "xyz";

    internal bool IsC11 => Threads.Any(thread => thread.Any(one => one.IsC11));

    internal Operation[][] Threads { get; }

    private Operation[] Thread(Random random, int count, Dictionary<int, Operation> frame)
    {
        Operation[] done = new Operation[count];
        for (int place = 0; place < count; place++)
        {
            if (frame.TryGetValue(place, out Operation? given))
            {
                done[place] = given;
                continue;
            }
            int[] readers = [.. Enumerable.Range(0, place).Where(earlier => done[earlier].Reads)];
            int on = readers.Length > 0 && random.Next(2) == 0 ? readers[random.Next(readers.Length)] : -1;
            int word = random.Next(Words);
            int value = random.Next(1, 3);
            string order = Orders[random.Next(Orders.Length)];
            done[place] = random.Next(12) switch
            {
                < 4 => new(Doing.Load, word, 0, order == "_acquire" ? order : "", on, "ac"[random.Next(2)]),
                < 8 => new(Doing.Store, word, value, order == "_release" ? order : "", on, "adcv"[random.Next(4)]),
                8 when random.Next(2) == 0 => new(Doing.Exchange, word, value, order, on, "adc"[random.Next(3)]),
                8 => new(Doing.CompareExchange, word, value, order, on, "ac"[random.Next(2)]),
                9 when random.Next(2) == 0 => new(Doing.Add, word, 1, order, -1, ' '),
                9 => new(Doing.Increment, word, 1, "", -1, ' '),
                _ => new(Doing.Fence, -1, 0, "", -1, ' ', Fences[random.Next(Fences.Length)]),
            };
        }
        return done;
    }

    /// <summary>Half of the orders are the strongest, without which little would depend on it.</summary>
    private Operation[] ThreadOfC11(Random random, int count)
    {
        string Order(params string[] weaker) => random.Next(2) == 0 ? C11.Sequential : weaker[random.Next(weaker.Length)];
        string OfBoth() => Order(C11.Relaxed, C11.Acquire, C11.Release, C11.Both);
        Operation[] done = new Operation[count];
        for (int place = 0; place < count; place++)
        {
            int[] readers = [.. Enumerable.Range(0, place)
                .Where(earlier => done[earlier].Reads && done[earlier].What != Doing.CompareExchange)];
            int on = readers.Length > 0 && random.Next(3) == 0 ? readers[random.Next(readers.Length)] : -1;
            int word = random.Next(Words);
            int value = random.Next(1, 3);
            done[place] = random.Next(12) switch
            {
                < 4 => new(Doing.Load, word, 0, Order(C11.Relaxed, C11.Acquire), on, "ac"[random.Next(2)]),
                < 8 => new(Doing.Store, word, value, Order(C11.Relaxed, C11.Release), on, "adcv"[random.Next(4)]),
                8 => new(Doing.Exchange, word, value, OfBoth(), on, "adc"[random.Next(3)]),
                9 when random.Next(2) == 0 => new(Doing.Add, word, 1, OfBoth(), -1, ' '),
                9 => new(Doing.CompareExchange, word, value, OfBoth(), -1, ' ') { Failed = Order(C11.Relaxed, C11.Acquire) },
                _ => new(Doing.Fence, -1, 0, Order(C11.Acquire, C11.Release, C11.Both), -1, ' ', C11.Fence),
            };
        }
        return done;
    }

    /// <summary>As a litmus test that shows every register and word.</summary>
    internal string Text(string name)
    {
        string parameters = string.Join(", ", Enumerable.Range(0, Words).Select(word => $"int *{Names[word]}").Append("int *s"));
        string body = string.Concat(Threads.Select((operations, thread) =>
            $"P{thread}({parameters})\n{{\n{string.Concat(operations.Select((one, place) => $"    {C(one, place)}\n"))}}}\n"));
        string seen = string.Concat(Threads.SelectMany((operations, thread) => operations.Index()
            .Where(one => one.Item.Reads).Select(one => $"{thread}:r{one.Index}; ")));
        string words = string.Concat(Enumerable.Range(0, Words).Select(word => $"{Names[word]}; "));
        return $"C {name}\n{{ }}\n{body}locations [{seen}{words}]\nexists (true)\n";
    }

    private string C(Operation one, int place)
    {
        string zero = one.On < 0 ? "" : $"(r{one.On} & 0)";
        if (one.What is Doing.Lock or Doing.Unlock) return one.What == Doing.Lock ? "spin_lock(s);" : "spin_unlock(s);";
        string address = one is { On: >= 0, How: 'a' } ? $"({Names[one.Word]} + {zero})" : $"{Names[int.Max(one.Word, 0)]}";
        string value = one switch
        {
            { On: >= 0, How: 'v' } => $"r{one.On}",
            { On: >= 0, How: 'd' } => $"{zero} + {one.Value}",
            _ => $"{one.Value}",
        };
        if (one.IsC11) return OfC11(one, place, address, value);
        string suffix = one.Order == "full" ? "" : one.Order;
        string text = one.What switch
        {
            Doing.Load when one.Order.Length > 0 => $"r{place} = smp_load_acquire({address});",
            Doing.Load => $"r{place} = READ_ONCE(*{address});",
            Doing.Store when one.Order.Length > 0 => $"smp_store_release({address}, {value});",
            Doing.Store => $"WRITE_ONCE(*{address}, {value});",
            Doing.Exchange => $"r{place} = xchg{suffix}({address}, {value});",
            Doing.CompareExchange => $"r{place} = cmpxchg{suffix}({address}, {one.Value - 1}, {one.Value});",
            Doing.Add => $"r{place} = atomic_fetch_add{suffix}(1, {address});",
            Doing.Increment => $"atomic_inc({address});",
            _ => $"{one.Fence}();",
        };
        return one is { On: >= 0, How: 'c' } ? $"if (r{one.On} >= 0) {{ {text} }}" : text;
    }

    private static string OfC11(Operation one, int place, string address, string value)
    {
        string text = one.What switch
        {
            Doing.Load => $"r{place} = atomic_load_explicit({address}, {one.Order});",
            Doing.Store => $"atomic_store_explicit({address}, {value}, {one.Order});",
            Doing.Exchange => $"r{place} = atomic_exchange_explicit({address}, {value}, {one.Order});",
            Doing.Add => $"r{place} = atomic_fetch_add_explicit({address}, 1, {one.Order});",
            Doing.CompareExchange => $"r{place} = {one.Value - 1}; "
                + $"atomic_compare_exchange_strong_explicit({address}, &r{place}, {one.Value}, {one.Order}, {one.Failed});",
            _ => $"{one.Fence}({one.Order});",
        };
        return one is { On: >= 0, How: 'c' } ? $"if (r{one.On} >= 0) {{ {text} }}" : text;
    }
}

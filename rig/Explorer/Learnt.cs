using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lab.Explorer;

/// <summary>What is known of a word that agents use.</summary>
/// <param name="Address">Of the word; the same in every process for a part of a search.</param>
/// <param name="Agents">Bit per agent that was seen to use it.</param>
/// <param name="IsWritten">Somebody writes it while agents run.</param>
/// <param name="IsShared">Each access needs a choice.</param>
/// <param name="ReadLocks">Bit per lock and read-side section that every reader was in.</param>
/// <param name="WriteLocks">Bit per lock that every writer held exclusively.</param>
public sealed record LearntWord(
    long Address, uint Agents, bool IsWritten, bool IsShared, ulong ReadLocks, ulong WriteLocks)
{
    /// <summary>What two searches saw, together. They may show that it is shared where neither did alone.</summary>
    internal LearntWord With(LearntWord other)
    {
        LearntWord both = new(Address, Agents | other.Agents, IsWritten || other.IsWritten, IsShared || other.IsShared,
            ReadLocks & other.ReadLocks, WriteLocks & other.WriteLocks);
        bool isShared = both.IsWritten && (both.Agents & (both.Agents - 1)) != 0 && (both.WriteLocks & both.ReadLocks) == 0;
        return both with { IsShared = both.IsShared || isShared };
    }
}

/// <summary>What exploring has taught about a program: which of its words are shared, and how what it uses is numbered. It
/// decides where there is a choice and what is in a state's hash, so that states of two searches can be told apart only if both
/// knew the same.</summary>
/// <param name="Words">In the order of their numbers.</param>
/// <param name="Locks">Names, in the order of their numbers; the same for what follows.</param>
/// <param name="Domains">Of read-side sections.</param>
/// <param name="Queues">Of work items.</param>
/// <param name="SleptOn">Addresses of words that somebody slept on.</param>
/// <param name="OrdersAllLocks">What agents read under locks depends on the order of critical sections.</param>
public sealed record Learnt(IReadOnlyList<LearntWord> Words, IReadOnlyList<string> Locks, IReadOnlyList<string> Domains,
    IReadOnlyList<string> Queues, IReadOnlyList<long> SleptOn, bool OrdersAllLocks)
{
    /// <summary>Names all that states depend on: two searches with one model may put their states together.</summary>
    public string Model
    {
        get
        {
            StringBuilder text = new(OrdersAllLocks ? "ordered" : "");
            foreach (LearntWord word in Words)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n{word.Address:x}{(word.IsShared ? " shared" : "")}");
            }
            foreach (IEnumerable<string> names in (IEnumerable<string>[])[Locks, Domains, Queues]) text.AppendJoin('\n', names);
            text.AppendJoin('\n', SleptOn);
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
        }
    }

    /// <summary>What searches that began with this know together.</summary>
    /// <param name="others">In the order of the search. One that met its locks in another order than those before it adds
    /// nothing.</param>
    /// <param name="ordersAllLocks">They show together that the order of critical sections matters.</param>
    public Learnt With(IEnumerable<Learnt> others, bool ordersAllLocks = false)
    {
        Learnt all = this with { OrdersAllLocks = OrdersAllLocks || ordersAllLocks };
        foreach (Learnt other in others)
        {
            if (Longer(all.Locks, other.Locks) is { } locks && Longer(all.Domains, other.Domains) is { } domains
                && Longer(all.Queues, other.Queues) is { } queues && Longer(all.SleptOn, other.SleptOn) is { } sleptOn)
            {
                all = new Learnt(Together(all.Words, other.Words), locks, domains, queues, sleptOn,
                    all.OrdersAllLocks || other.OrdersAllLocks);
            }
        }
        return all;
    }

    /// <summary>Those known before keep their numbers; the rest come in the order of their addresses, whoever met them
    /// first.</summary>
    private List<LearntWord> Together(IReadOnlyList<LearntWord> some, IReadOnlyList<LearntWord> others)
    {
        Dictionary<long, LearntWord> all = some.ToDictionary(word => word.Address);
        foreach (LearntWord word in others)
        {
            all[word.Address] = all.TryGetValue(word.Address, out LearntWord? known) ? known.With(word) : word;
        }
        HashSet<long> first = [.. Words.Select(word => word.Address)];
        return [.. Words.Select(word => all[word.Address]),
            .. all.Values.Where(word => !first.Contains(word.Address)).OrderBy(word => word.Address)];
    }

    private static IReadOnlyList<T>? Longer<T>(IReadOnlyList<T> one, IReadOnlyList<T> other)
    {
        (IReadOnlyList<T> longer, IReadOnlyList<T> shorter) = one.Count >= other.Count ? (one, other) : (other, one);
        return longer.Take(shorter.Count).SequenceEqual(shorter) ? longer : null;
    }
}

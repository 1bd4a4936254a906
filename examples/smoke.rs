use chokepoint::{engine::Batch, model::Model, network::Network, plan::Plan, random::*, scenario::*};
fn main(){
 let path=std::env::args().nth(1).unwrap();
 let n: u64 = std::env::args().nth(2).map_or(1, |x| x.parse().unwrap());
 let (mut s, mut d)=(Sources::default(), Diagnostics::default());
 let doc=load(path.as_ref(), &mut s, &mut d);
 let model=doc.and_then(|doc| Model::from_document(&doc,&s,&mut d));
 eprintln!("{}", s.render(&d, true));
 let Some(model)=model else {return};
 let net=Network::from_model(&model);
 let design=Design{seed:1,sampler:Sampler::Sobol};
 let t0=std::time::Instant::now();
 let plan=match Plan::new(model,&net,&design){Ok(p)=>p,Err(e)=>{println!("{e}");return}};
 eprintln!("plan {:?}; sales {} cases {} quantities {} uncertain {}", t0.elapsed(), plan.edges.sales.len(), plan.rules.cases(), plan.model.quantities.len(), plan.layout.uncertain().count());
 let mut b=Batch::new(&plan);
 let t0=std::time::Instant::now();
 for i in 0..n { b.simulate(&plan,i,&mut ()); }
 eprintln!("{} draws in {:?}: {:?} a draw", n*8, t0.elapsed(), t0.elapsed()/(8*n as u32));
 for (l,lab) in plan.model.labs.iter().enumerate(){ println!("{} {:.3e} run {:.3e} acc {:.1}", lab.id, b.training.reachable[l][0], b.training.run[l][0], b.training.accessible[l][0]); }
}
